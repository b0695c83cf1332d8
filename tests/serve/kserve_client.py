"""Asks a server as KServe's own client does, run by an interpreter that has it: python kserve_client.py PORT ROW."""

from __future__ import annotations

import asyncio
import json
import sys


async def main(port: str, row: dict[str, object]) -> None:
    """Print the first probabilities that came for plain and for binary tensors."""
    import numpy as np
    from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig  # type: ignore[import-not-found]

    client, base, said = InferenceRESTClient(config=RESTConfig(protocol="v2")), f"http://127.0.0.1:{port}", []
    assert await client.is_server_live(base)
    assert await client.is_server_ready(base)
    assert await client.is_model_ready(base, "loans")
    for binary in (False, True):
        given = []
        for name, cell in row.items():
            number = isinstance(cell, (int, float))
            tensor = InferInput(name, [1], "FP64" if number else "BYTES")
            tensor.set_data_from_numpy(np.asarray([cell], dtype=np.float64 if number else object), binary_data=binary)
            given.append(tensor)
        got = await client.infer(base, InferRequest(model_name="loans", infer_inputs=given), model_name="loans")
        said.append(next(out for out in got.outputs if out.name == "probabilities").as_numpy().ravel().tolist())
    print(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
