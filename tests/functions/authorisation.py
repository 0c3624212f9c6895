"""Who may call what? The authorisation matrix: a row for every route of every function.

A new route needs a row here, which ``tests/style/test_matrix.py`` asks for: what a caller must have, what the owner
of what its path names is answered to an empty body, and what everybody else is. The columns are ``COLUMNS``,
``expected`` says what each expects, and ``test_functions_matrix.py`` asks all of them.
"""

from dataclasses import dataclass

from shared.domain import permissions

PUBLIC, ANYBODY, IN_PERSON = "public", "anybody", "in person"
"""Beside a permission: no caller needed; any caller; any caller who has signed in, and no API key."""

REFUSED = ("no token", "bad signature", "wrong audience", "expired", "revoked", "disabled")
COLUMNS = (*REFUSED, "other user", "viewer", "user", "admin", "key without scope", "key with scope")


@dataclass(frozen=True)
class Row:
    """``own``: the answer to whom the path's resource belongs, of what administrators do to an administrator;
    ``other``: to somebody else who has the permission; None: the same, as nobody's resource is named;
    ``admin``: to an administrator, where that is otherwise; ``in_person``: besides what it needs, no API key."""

    needs: str
    own: int
    other: int | None = None
    admin: int | None = None
    in_person: bool = False


MATRIX: dict[str, Row] = {
    "POST /api/v1/graphs": Row("agent.create", 400),
    "POST /api/v1/graphs/validate": Row("agent.read", 200),
    "GET /api/v1/graphs": Row("agent.read", 200),
    "GET /api/v1/graphs/{graph_id}": Row("agent.read", 200, 404),
    "POST /api/v1/graphs/import": Row("agent.create", 400),
    "GET /api/v1/graphs/{graph_id}/export": Row("agent.read", 200, 404),
    "POST /api/v1/graphs/{graph_id}/estimate": Row("agent.read", 200, 404),
    "PUT /api/v1/graphs/{graph_id}": Row("agent.update", 200, 404),
    "PATCH /api/v1/graphs/{graph_id}": Row("agent.update", 200, 404),
    "DELETE /api/v1/graphs/{graph_id}": Row("agent.delete", 200, 404),
    "GET /api/v1/graphs/{graph_id}/versions": Row("agent.read", 200, 404),
    "GET /api/v1/graphs/{graph_id}/versions/{version}": Row("agent.read", 200, 404),
    "POST /api/v1/graphs/{graph_id}/executions": Row("agent.create", 200, 404),
    "GET /api/v1/graphs/{graph_id}/executions": Row("agent.read", 200, 404),
    "GET /api/v1/executions": Row("agent.read", 200),
    "GET /api/v1/executions/{execution_id}": Row("agent.read", 200, 404),
    "GET /api/v1/executions/{execution_id}/nodes": Row("agent.read", 200, 404),
    "GET /api/v1/executions/events": Row("agent.read", 200),
    "POST /api/v1/executions/events/cookie": Row(IN_PERSON, 200),
    "DELETE /api/v1/executions/events/cookie": Row(ANYBODY, 200),
    "GET /api/v1/executions/{execution_id}/events": Row("agent.read", 200, 404),
    "POST /api/v1/executions/{execution_id}/cancel": Row("agent.update", 200, 404),
    "POST /api/v1/executions/{execution_id}/retry": Row("agent.create", 409, 404),
    "DELETE /api/v1/executions/{execution_id}": Row("agent.delete", 409, 404),
    "GET /api/v1/reviews": Row("agent.read", 200),
    "GET /api/v1/reviews/{node_execution_id}": Row("agent.read", 200, 404),
    "POST /api/v1/reviews/{node_execution_id}": Row("agent.update", 409, 404),
    "GET /api/v1/blocks": Row("agent.read", 200),
    "GET /api/v1/blocks/{block_type}": Row("agent.read", 200),
    "POST /api/v1/blocks/{block_type}/execute": Row("agent.create", 400),
    "POST /api/v1/auth/user": Row(ANYBODY, 200),
    "GET /api/v1/me": Row(ANYBODY, 200),
    "GET /api/v1/me/flags": Row(ANYBODY, 200),
    "PATCH /api/v1/me": Row(IN_PERSON, 200),
    "DELETE /api/v1/me": Row(IN_PERSON, 200),
    "GET /api/v1/me/usage": Row(ANYBODY, 200),
    "GET /api/v1/me/export": Row(IN_PERSON, 200),
    "POST /api/v1/me/api-keys": Row(IN_PERSON, 400),
    "GET /api/v1/me/api-keys": Row(IN_PERSON, 200),
    "GET /api/v1/me/api-keys/{key_id}": Row(IN_PERSON, 200, 404),
    "POST /api/v1/me/api-keys/{key_id}/rotate": Row(IN_PERSON, 200, 404),
    "DELETE /api/v1/me/api-keys/{key_id}": Row(IN_PERSON, 200, 404),
    "GET /api/v1/admin/users": Row("user.read", 200),
    "GET /api/v1/admin/users/{user_id}": Row("user.read", 200),
    "PATCH /api/v1/admin/users/{user_id}": Row("user.update", 400, in_person=True),
    "DELETE /api/v1/admin/users/{user_id}": Row("user.delete", 200),
    "GET /api/v1/admin/users/{user_id}/usage": Row("user.read", 200),
    "PATCH /api/v1/admin/users/{user_id}/usage": Row("user.update", 200),
    "POST /api/v1/admin/users/{user_id}/disable": Row("user.update", 200),
    "POST /api/v1/admin/users/{user_id}/enable": Row("user.update", 200),
    "GET /api/v1/admin/flags": Row("user.read", 200),
    "PUT /api/v1/admin/flags/{name}": Row("user.update", 200),
    "DELETE /api/v1/admin/flags/{name}": Row("user.update", 200),
    "GET /api/v1/admin/audit": Row("user.read", 200),
    "GET /api/v1/admin/recovery": Row("user.read", 200),
    "POST /api/v1/credentials": Row("agent.create", 400),
    "GET /api/v1/credentials": Row("agent.read", 200),
    "GET /api/v1/credentials/oauth2": Row("agent.read", 200),
    "POST /api/v1/credentials/oauth2/{provider}/authorize": Row("agent.create", 404),
    "POST /api/v1/credentials/oauth2/exchange": Row("agent.create", 400),
    "GET /api/v1/credentials/{credentials_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/credentials/{credentials_id}": Row("agent.update", 200, 404),
    "DELETE /api/v1/credentials/{credentials_id}": Row("agent.delete", 200, 404),
    "POST /api/v1/graphs/{graph_id}/schedules": Row("agent.create", 400, 404),
    "GET /api/v1/graphs/{graph_id}/schedules": Row("agent.read", 200, 404),
    "GET /api/v1/schedules": Row("agent.read", 200),
    "GET /api/v1/schedules/{schedule_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/schedules/{schedule_id}": Row("agent.update", 200, 404),
    "POST /api/v1/schedules/{schedule_id}/pause": Row("agent.update", 200, 404),
    "POST /api/v1/schedules/{schedule_id}/resume": Row("agent.update", 200, 404),
    "DELETE /api/v1/schedules/{schedule_id}": Row("agent.delete", 200, 404),
    "GET /api/v1/schedules/{schedule_id}/upcoming": Row("agent.read", 200, 404),
    "GET /api/v1/schedules/{schedule_id}/occurrences": Row("agent.read", 200, 404),
    "POST /api/v1/graphs/{graph_id}/webhooks": Row("agent.create", 200, 404),
    "GET /api/v1/graphs/{graph_id}/webhooks": Row("agent.read", 200, 404),
    "GET /api/v1/graphs/{graph_id}/webhooks/{webhook_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/graphs/{graph_id}/webhooks/{webhook_id}": Row("agent.update", 200, 404),
    "POST /api/v1/graphs/{graph_id}/webhooks/{webhook_id}/rotate": Row("agent.update", 200, 404),
    "DELETE /api/v1/graphs/{graph_id}/webhooks/{webhook_id}": Row("agent.delete", 200, 404),
    "GET /api/v1/admin/overview": Row("user.read", 200),
    "GET /api/v1/graphs/{graph_id}/stats": Row("agent.read", 200, 404),
    "GET /api/v1/me/notifications/preferences": Row("agent.read", 200),
    "PATCH /api/v1/me/notifications/preferences": Row(IN_PERSON, 200),
    "POST /api/v1/me/notifications/devices": Row(IN_PERSON, 400),
    "GET /api/v1/me/notifications/devices": Row("agent.read", 200),
    "DELETE /api/v1/me/notifications/devices/{device_id}": Row(IN_PERSON, 200, 404),
    "POST /api/v1/me/notifications/webhooks": Row(IN_PERSON, 400),
    "GET /api/v1/me/notifications/webhooks": Row("agent.read", 200),
    "GET /api/v1/me/notifications/webhooks/{notification_webhook_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/me/notifications/webhooks/{notification_webhook_id}": Row(IN_PERSON, 200, 404),
    "POST /api/v1/me/notifications/webhooks/{notification_webhook_id}/rotate": Row(IN_PERSON, 200, 404),
    "DELETE /api/v1/me/notifications/webhooks/{notification_webhook_id}": Row(IN_PERSON, 200, 404),
    "GET /api/v1/me/notifications/webhooks/{notification_webhook_id}/deliveries": Row("agent.read", 200, 404),
    "POST /api/v1/me/notifications/webhooks/{notification_webhook_id}/deliveries/replay": Row(IN_PERSON, 200, 404),
    "POST /api/v1/me/notifications/webhooks/{notification_webhook_id}/deliveries/{delivery_id}/replay": Row(
        IN_PERSON, 404
    ),
    "GET /api/v1/me/notifications": Row("agent.read", 200),
    "GET /api/v1/me/notifications/counts": Row("agent.read", 200),
    "POST /api/v1/me/notifications/read": Row(IN_PERSON, 200),
    "GET /api/v1/me/notifications/{notification_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/me/notifications/{notification_id}": Row(IN_PERSON, 400),
    "DELETE /api/v1/me/notifications/{notification_id}": Row(IN_PERSON, 200, 404),
    "POST /api/v1/webhooks/{webhook_id}": Row(PUBLIC, 401),
    "POST /api/v1/graphs/{graph_id}/triggers": Row("agent.create", 400, 404),
    "GET /api/v1/graphs/{graph_id}/triggers": Row("agent.read", 200, 404),
    "GET /api/v1/triggers": Row("agent.read", 200),
    "GET /api/v1/triggers/{trigger_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/triggers/{trigger_id}": Row("agent.update", 200, 404),
    "POST /api/v1/triggers/{trigger_id}/pause": Row("agent.update", 200, 404),
    "POST /api/v1/triggers/{trigger_id}/resume": Row("agent.update", 200, 404),
    "DELETE /api/v1/triggers/{trigger_id}": Row("agent.delete", 200, 404),
    "GET /api/v1/triggers/{trigger_id}/items": Row("agent.read", 200, 404),
    "GET /api/v1/library/agents": Row("agent.read", 200),
    "POST /api/v1/library/agents": Row("agent.create", 400),
    "POST /api/v1/library/agents/{graph_id}/update": Row("agent.update", 409, 404),
    "GET /api/v1/library/agents/{graph_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/library/agents/{graph_id}": Row("agent.update", 200, 404),
    "DELETE /api/v1/library/agents/{graph_id}": Row("agent.delete", 200, 404),
    "POST /api/v1/library/agents/{graph_id}/fork": Row("agent.create", 200, 404),
    "POST /api/v1/library/folders": Row("agent.create", 400),
    "GET /api/v1/library/folders": Row("agent.read", 200),
    "GET /api/v1/library/folders/{folder_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/library/folders/{folder_id}": Row("agent.update", 200, 404),
    "DELETE /api/v1/library/folders/{folder_id}": Row("agent.delete", 200, 404),
    "POST /api/v1/library/agents/{graph_id}/presets": Row("agent.create", 400, 404),
    "GET /api/v1/library/agents/{graph_id}/presets": Row("agent.read", 200, 404),
    "GET /api/v1/library/presets": Row("agent.read", 200),
    "GET /api/v1/library/presets/{preset_id}": Row("agent.read", 200, 404),
    "PATCH /api/v1/library/presets/{preset_id}": Row("agent.update", 200, 404),
    "DELETE /api/v1/library/presets/{preset_id}": Row("agent.delete", 200, 404),
    "POST /api/v1/executions/{execution_id}/shares": Row("agent.update", 200, 404),
    "GET /api/v1/executions/{execution_id}/shares": Row("agent.read", 200, 404),
    "DELETE /api/v1/executions/{execution_id}/shares/{share_id}": Row("agent.update", 200, 404),
    "GET /api/v1/executions/{execution_id}/comparison": Row("agent.read", 200, 404),
    "POST /api/v1/library/presets/{preset_id}/executions": Row("agent.create", 200, 404),
    "GET /api/v1/store/agents": Row("store.read", 200),
    "GET /api/v1/store/agents/{listing_id}": Row("store.read", 200),
    "GET /api/v1/store/agents/{listing_id}/versions": Row("store.read", 200),
    "GET /api/v1/store/agents/{listing_id}/versions/{version}": Row("store.read", 200),
    "GET /api/v1/store/creators/{creator_id}": Row("store.read", 200),
    "GET /api/v1/store/categories": Row("store.read", 200),
    "POST /api/v1/store/agents/{listing_id}/ratings": Row("store.read", 400),
    "GET /api/v1/store/agents/{listing_id}/ratings": Row("store.read", 200),
    "DELETE /api/v1/store/agents/{listing_id}/ratings/{rating_id}": Row("store.read", 200, 404, admin=200),
    "POST /api/v1/store/agents/{listing_id}/download": Row("store.read", 200),
    "POST /api/v1/store/submissions": Row("store.submit", 400),
    "GET /api/v1/store/submissions": Row("store.submit", 200),
    "GET /api/v1/store/submissions/{submission_id}": Row("store.submit", 200, 404, admin=200),
    "GET /api/v1/store/submissions/{submission_id}/file": Row("store.submit", 200, 404, admin=200),
    "POST /api/v1/store/submissions/{submission_id}/withdraw": Row("store.submit", 200, 404),
    "GET /api/v1/store/moderation": Row("store.approve", 200),
    "POST /api/v1/store/submissions/{submission_id}/approve": Row("store.approve", 200),
    "POST /api/v1/store/submissions/{submission_id}/reject": Row("store.reject", 400),
    "POST /api/v1/store/agents/{listing_id}/feature": Row("store.manage", 200),
    "POST /api/v1/store/agents/{listing_id}/unfeature": Row("store.manage", 200),
    "POST /api/v1/store/agents/{listing_id}/take-down": Row("store.manage", 400),
    "POST /api/v1/store/agents/{listing_id}/restore": Row("store.manage", 404),
    "POST /api/v1/files": Row("agent.create", 400),
    "GET /api/v1/files": Row("agent.read", 200),
    "GET /api/v1/files/{file_id}": Row("agent.read", 200, 404),
    "POST /api/v1/files/{file_id}/upload": Row("agent.create", 200, 404),
    "GET /api/v1/files/{file_id}/download": Row("agent.read", 409, 404),
    "DELETE /api/v1/files/{file_id}": Row("agent.delete", 200, 404),
    "GET /health": Row(PUBLIC, 200),
}
"""Method and path -> who may call it."""


def expected(row: Row, column: str) -> int:
    """The status that a column of a row expects."""
    other = row.own if row.other is None else row.other
    if row.needs == PUBLIC:
        return row.own
    if column in REFUSED:
        return 401
    if column.startswith("key") and (row.in_person or row.needs == IN_PERSON):
        return 403
    if column == "key without scope" and row.needs != ANYBODY:
        return 403
    if column == "admin" and row.admin is not None:
        return row.admin
    role = {"viewer": "viewer", "admin": "admin"}.get(column, "user")
    if "." in row.needs and row.needs not in permissions.PERMISSIONS[role]:
        return 403
    return other if column in ("other user", "viewer", "admin") else row.own
