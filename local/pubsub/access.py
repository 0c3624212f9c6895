"""Who may use a topic or a subscription? (google.iam.v1.IAMPolicy) Policies are kept and shown; nobody is refused.

https://cloud.google.com/pubsub/docs/access-control
"""

import hashlib
from collections.abc import Callable
from typing import Any

import grpc

from local.pubsub import checks, wire
from local.pubsub.broker import Broker
from local.serving import Method, Refused


class Access:
    """The policies of the broker's topics, subscriptions and snapshots."""

    def __init__(self, broker: Callable[[], Broker]) -> None:
        self._get_broker = broker

    def methods(self) -> dict[str, Method]:
        """The calls by name."""
        return {
            "GetIamPolicy": Method(call=self._get, request=wire.GetIamPolicyRequest, response=wire.Policy),
            "SetIamPolicy": Method(call=self._set, request=wire.SetIamPolicyRequest, response=wire.Policy),
            "TestIamPermissions": Method(
                call=self._test, request=wire.TestIamPermissionsRequest, response=wire.TestIamPermissionsResponse
            ),
        }

    def _policy(self, resource: str) -> Any:
        broker = self._get_broker()
        known = (broker.topics, broker.backlogs, {snapshot.name for snapshot, _ in broker.store.snapshots()})
        if not any(resource in names for names in known):
            raise checks.missing(resource)
        return broker.store.policy(resource)

    def _get(self, request: Any) -> Any:
        return self._policy(request.resource)

    def _set(self, request: Any) -> Any:
        """The etag, where one is given, must be that of the policy that is replaced."""
        present, policy = self._policy(request.resource), request.policy
        if policy.etag and present.etag and policy.etag != present.etag:
            message = "There were concurrent policy changes. Read the policy again, and retry."
            raise Refused(grpc.StatusCode.ABORTED, message)
        policy.version = policy.version or 1
        policy.etag = b""
        policy.etag = hashlib.sha256(policy.SerializeToString(deterministic=True)).digest()[:8]
        self._get_broker().store.put_policy(request.resource, policy)
        return policy

    def _test(self, request: Any) -> Any:
        self._policy(request.resource)
        return wire.TestIamPermissionsResponse(permissions=request.permissions)
