"""Mailed codes do what their links say, once, and for an hour."""

import pytest

PASSWORD = "secret-1"
CONFIG = "/emulator/v1/projects/weftly-local/config"


async def signed_up(cloud, email: str = "a@b.example") -> dict:
    return await cloud.call("signUp", email=email, password=PASSWORD)


async def mailed(cloud) -> dict:
    return (await cloud.http.get("/emulator/v1/projects/weftly-local/oobCodes")).json()["oobCodes"][-1]


async def test_a_link_confirms_the_address(cloud):
    user = await signed_up(cloud)
    await cloud.call("sendOobCode", requestType="VERIFY_EMAIL", idToken=user["idToken"])
    answer = await cloud.http.get((await mailed(cloud))["oobLink"])
    assert "confirmed" in answer.text
    (shown,) = (await cloud.call("lookup", idToken=user["idToken"]))["users"]
    assert shown["emailVerified"] is True


async def test_a_link_resets_the_password_and_leads_on(cloud):
    await signed_up(cloud)
    onward = "https://app.example/back?a=b&c=d"
    await cloud.call("sendOobCode", requestType="PASSWORD_RESET", email="a@b.example", continueUrl=onward)
    link = (await mailed(cloud))["oobLink"]
    assert "newPassword" in (await cloud.http.get(link)).text
    answer = await cloud.http.get(f"{link}&newPassword=secret-2")
    assert (answer.status_code, answer.headers["location"]) == (307, onward)
    assert "idToken" in await cloud.call(
        "signInWithPassword", email="a@b.example", password="secret-2", returnSecureToken=True
    )


async def test_a_link_to_sign_in_carries_the_code_to_the_app(cloud):
    await cloud.call(
        "sendOobCode", requestType="EMAIL_SIGNIN", email="a@b.example", continueUrl="https://app.example/"
    )
    code = await mailed(cloud)
    answer = await cloud.http.get(code["oobLink"])
    assert answer.headers["location"].startswith("https://app.example/?mode=signIn")
    assert code["oobCode"] in answer.headers["location"]


async def test_a_code_is_good_for_an_hour(cloud):
    await signed_up(cloud)
    await cloud.call("sendOobCode", requestType="PASSWORD_RESET", email="a@b.example")
    code = (await mailed(cloud))["oobCode"]
    cloud.offset = 3601.0
    assert await cloud.refused("resetPassword", oobCode=code, newPassword="secret-2") == "EXPIRED_OOB_CODE"


async def test_a_code_of_another_purpose_does_nothing(cloud):
    user = await signed_up(cloud)
    await cloud.call("sendOobCode", requestType="VERIFY_EMAIL", idToken=user["idToken"])
    code = (await mailed(cloud))["oobCode"]
    assert await cloud.refused("resetPassword", oobCode=code, newPassword="secret-2") == "INVALID_OOB_CODE"


async def test_an_address_changes_only_once_the_new_one_is_confirmed(cloud):
    user = await signed_up(cloud)
    change = {"requestType": "VERIFY_AND_CHANGE_EMAIL", "idToken": user["idToken"], "newEmail": "New@b.example"}
    await cloud.call("sendOobCode", **change)
    (shown,) = (await cloud.call("lookup", idToken=user["idToken"]))["users"]
    assert shown["email"] == "a@b.example"
    answer = await cloud.call("update", oobCode=(await mailed(cloud))["oobCode"])
    assert (answer["email"], answer["emailVerified"]) == ("new@b.example", True)


async def test_a_taken_address_cannot_be_changed_to(cloud):
    user = await signed_up(cloud)
    await signed_up(cloud, "taken@b.example")
    change = {"requestType": "VERIFY_AND_CHANGE_EMAIL", "idToken": user["idToken"], "newEmail": "taken@b.example"}
    assert await cloud.refused("sendOobCode", **change) == "EMAIL_EXISTS"


@pytest.mark.parametrize("private", [False, True])
async def test_the_settings_decide_what_a_stranger_learns(cloud, private):
    await signed_up(cloud)
    body = {"emailPrivacyConfig": {"enableImprovedEmailPrivacy": private}}
    changed = (await cloud.http.patch(CONFIG, json=body)).json()
    assert changed == (await cloud.http.get(CONFIG)).json()
    wrong = await cloud.refused("signInWithPassword", email="a@b.example", password="wrong-1")
    assert wrong == ("INVALID_LOGIN_CREDENTIALS" if private else "INVALID_PASSWORD")
    found = await cloud.call("createAuthUri", identifier="a@b.example", continueUri="http://localhost")
    assert found.get("signinMethods") == (None if private else ["password"])
