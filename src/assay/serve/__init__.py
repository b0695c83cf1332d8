"""One command from a model file to a page and an API: a small ASGI application on uvicorn."""
