# What runs in a container that serves models? One image, no root, nothing to write to, no compiler and no secret in it.
#
#   docker build -t assay .
#   assay serve --new-token > token && chmod 600 token     and a folder of .assay files, models/, beside it
#   docker run --rm --user "$(id -u):$(id -g)" --read-only --tmpfs /tmp --cap-drop ALL \
#       --security-opt no-new-privileges --memory 1g --pids-limit 256 -p 127.0.0.1:8080:8080 \
#       -v "$PWD/models:/models:ro" -v "$PWD/token:/run/secrets/assay_token:ro" assay
#   curl -H "Authorization: Bearer $(cat token)" http://localhost:8080/models
#
# --user is whoever may read the token and the models; without it, user 10001. Arguments behind the image's name stand in place
# of CMD. A token is sent in the clear: beyond this machine, give the server a certificate (--certificate, --private-key) or put
# a proxy with TLS before it. The health check asks with or without TLS, at port 8080 of the container.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/assay
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
RUN /opt/assay/bin/python -m pip install -c constraints.txt '.[serve]'

FROM python:3.11-slim
# LightGBM brings its own library, but not the OpenMP that it runs on.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin assay
COPY --from=build /opt/assay /opt/assay
# The root file system may be read-only: bytecode was written when the image was made, and what is passing goes to /tmp.
ENV PATH=/opt/assay/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 TMPDIR=/tmp HOME=/tmp
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-m", "assay.serve.health", "8080"]
ENTRYPOINT ["assay", "serve"]
CMD ["/models", "--host", "0.0.0.0", "--port", "8080", "--token-file", "/run/secrets/assay_token", "--open-health"]
