"""What a receiver checks: who sent this, when, and that it is whole."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

DELIVERY_ID, TIMESTAMP, SIGNATURE = "X-MLflow-Delivery-Id", "X-MLflow-Timestamp", "X-MLflow-Signature"


def signature(secret: str, delivery_id: str, timestamp: str, payload: str) -> str:
    """Sign `delivery_id.timestamp.payload` with HMAC-SHA256: `v1,` and the code in base64."""
    said = f"{delivery_id}.{timestamp}.{payload}".encode()
    code = hmac.new(secret.encode(), said, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(code).decode()}"


def headers_of(delivery_id: str, payload: str, secret: str, *, at: datetime) -> Mapping[str, str]:
    """Give the headers of one attempt; without a secret there is no signature."""
    timestamp = str(int(at.timestamp()))
    said = {"Content-Type": "application/json", DELIVERY_ID: delivery_id, TIMESTAMP: timestamp}
    return said | ({SIGNATURE: signature(secret, delivery_id, timestamp, payload)} if secret else {})
