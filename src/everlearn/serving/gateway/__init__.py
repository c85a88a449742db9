"""The inference gateway: answers requests with the deployed versions and remembers what it answered.

app = build_gateway(GatewayParts(name="gateway-1", db=db, source=source, doorkeeper=access, ...))
uvicorn.run(app, host="127.0.0.1", port=8081)
"""

from everlearn.serving.gateway.application import Gateway, build_gateway
from everlearn.serving.gateway.machinery import GatewayParts

__all__ = ["Gateway", "GatewayParts", "build_gateway"]
