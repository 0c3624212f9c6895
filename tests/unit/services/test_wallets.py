"""Does a suspension leave without the secrets that its block had opened?"""

from shared.blocks.runner import Outcome
from shared.blocks.suspensions import Delay, SubAgent, SubAgents, Suspension
from shared.redaction import Redactor
from shared.services import secrets_of, wallets

SECRET = "sk-very-secret-0123456789"


def _redacted(suspension: Suspension) -> Suspension | None:
    redactor = Redactor()
    redactor.add(SECRET)
    return wallets._redacted(Outcome(tokens=[], suspension=suspension), redactor).suspension


def test_what_is_remembered_has_no_secret_in_it() -> None:
    delay = _redacted(Delay(seconds=1, state={"said": [f"the key {SECRET}"]}))
    assert isinstance(delay, Delay)
    assert SECRET not in str(delay)
    assert delay.seconds == 1


def test_what_sub_agents_are_given_has_no_secret_in_it_and_they_stay_what_they_are() -> None:
    agents = [SubAgent(graph_id="g", graph_version=2, inputs={"text": SECRET})]
    suspended = _redacted(SubAgents(agents=agents, state=[SECRET]))
    assert isinstance(suspended, SubAgents)
    (agent,) = suspended.agents
    assert (agent.graph_id, agent.graph_version) == ("g", 2)
    assert SECRET not in str(suspended)


def test_a_user_name_is_secret_where_it_may_be_a_key() -> None:
    """As with services that take their key for a user, and no password."""
    key, person = "SK0123456789abcdef", "ann.lee@example.com"
    assert set(secrets_of.texts({"username": key, "password": "none"})) == {key, "none", f"{key}:none"}
    for name in (person, "ann", "Ann Lee the 2nd of her name", "a-long-name-of-somebody"):
        assert set(secrets_of.texts({"username": name, "password": "pass"})) == {"pass", f"{name}:pass"}
