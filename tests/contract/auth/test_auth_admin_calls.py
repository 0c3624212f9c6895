"""firebase-admin manages users and checks tokens as with Firebase Auth."""

import httpx
import pytest
from firebase_admin import auth

SECRET = "correct horse"


async def test_a_user_is_created_found_changed_and_deleted(admin):
    created = await admin("create_user", email="bob@example.com", password=SECRET, display_name="Bob")
    assert created.email == "bob@example.com"
    assert (await admin("get_user", created.uid)).display_name == "Bob"
    assert (await admin("get_user_by_email", "BOB@example.com")).uid == created.uid
    changed = await admin("update_user", created.uid, email="rob@example.com", email_verified=True, disabled=True)
    assert (changed.email, changed.email_verified, changed.disabled) == ("rob@example.com", True, True)
    await admin("delete_user", created.uid)
    with pytest.raises(auth.UserNotFoundError):
        await admin("get_user", created.uid)


async def test_taken_ids_addresses_and_numbers_are_refused(admin):
    await admin("create_user", uid="u1", email="bob@example.com", phone_number="+15555550100")
    with pytest.raises(auth.UidAlreadyExistsError):
        await admin("create_user", uid="u1")
    with pytest.raises(auth.EmailAlreadyExistsError):
        await admin("create_user", email="bob@example.com")
    with pytest.raises(auth.PhoneNumberAlreadyExistsError):
        await admin("create_user", phone_number="+15555550100")
    assert (await admin("get_user_by_phone_number", "+15555550100")).uid == "u1"


async def test_a_user_that_is_not_there_is_told(admin):
    for call in (admin("update_user", "nobody", display_name="x"), admin("delete_user", "nobody")):
        with pytest.raises(auth.UserNotFoundError):
            await call


async def test_a_token_of_the_server_verifies(admin, cloud):
    signed_up = await cloud.call("signUp", email="ann@example.com", password=SECRET, returnSecureToken=True)
    claims = await admin("verify_id_token", signed_up["idToken"], check_revoked=True)
    assert claims["uid"] == signed_up["localId"]
    assert claims["email"] == "ann@example.com"


async def test_custom_claims_are_in_the_next_token(admin, cloud):
    signed_up = await cloud.call("signUp", email="ann@example.com", password=SECRET)
    await admin("set_custom_user_claims", signed_up["localId"], {"role": "owner", "teams": ["a"]})
    refreshed = (await cloud.refresh(signed_up["refreshToken"])).json()
    claims = await admin("verify_id_token", refreshed["id_token"])
    assert (claims["role"], claims["teams"]) == ("owner", ["a"])
    assert (await admin("get_user", signed_up["localId"])).custom_claims == {"role": "owner", "teams": ["a"]}


async def test_revoking_voids_the_sessions(admin, cloud):
    cloud.offset = -60
    signed_up = await cloud.call("signUp", email="ann@example.com", password=SECRET)
    cloud.offset = 0
    await admin("revoke_refresh_tokens", signed_up["localId"])
    with pytest.raises(auth.RevokedIdTokenError):
        await admin("verify_id_token", signed_up["idToken"], check_revoked=True)
    assert (await cloud.refresh(signed_up["refreshToken"])).json()["error"]["message"] == "TOKEN_EXPIRED"


async def test_a_disabled_user_gets_no_further(admin, cloud):
    signed_up = await cloud.call("signUp", email="ann@example.com", password=SECRET)
    await admin("update_user", signed_up["localId"], disabled=True)
    refused = await cloud.refused("signInWithPassword", email="ann@example.com", password=SECRET)
    assert refused == "USER_DISABLED"
    assert (await cloud.refresh(signed_up["refreshToken"])).json()["error"]["message"] == "USER_DISABLED"
    with pytest.raises(auth.UserDisabledError):
        await admin("verify_id_token", signed_up["idToken"], check_revoked=True)


async def test_all_users_are_listed_in_pages(admin):
    made = {(await admin("create_user", uid=f"user-{n}")).uid for n in range(5)}
    page = await admin("list_users", max_results=2)
    seen = []
    while page:
        seen += [user.uid for user in page.users]
        page = (
            await admin("list_users", page_token=page.next_page_token, max_results=2) if page.has_next_page else None
        )
    assert len(seen) == 5
    assert set(seen) == made


async def test_many_users_are_found_and_deleted_at_once(admin):
    for number in range(3):
        await admin("create_user", uid=f"u{number}", disabled=number > 0)
    found = await admin("get_users", [auth.UidIdentifier("u0"), auth.UidIdentifier("gone")])
    assert [user.uid for user in found.users] == ["u0"]
    assert [identifier.uid for identifier in found.not_found] == ["gone"]
    deleted = await admin("delete_users", ["u0", "u1", "u2"])
    assert deleted.success_count == 3


async def test_a_custom_token_signs_in_with_its_claims(admin, cloud):
    token = await admin("create_custom_token", "robot", {"team": "a"})
    signed_in = await cloud.call("signInWithCustomToken", token=token.decode(), returnSecureToken=True)
    claims = await admin("verify_id_token", signed_in["idToken"])
    assert (claims["uid"], claims["team"]) == ("robot", "a")
    assert claims["firebase"]["sign_in_provider"] == "custom"


async def test_a_reset_link_is_made_without_mail(admin, cloud):
    await admin("create_user", email="bob@example.com", password=SECRET)
    link = await admin("generate_password_reset_link", "bob@example.com")
    code = httpx.URL(link).params["oobCode"]
    assert (await cloud.call("resetPassword", oobCode=code, newPassword="brand new"))["email"] == "bob@example.com"


async def test_a_session_cookie_verifies(admin, cloud):
    signed_up = await cloud.call("signUp", email="ann@example.com", password=SECRET)
    cookie = await admin("create_session_cookie", signed_up["idToken"], 3600)
    assert (await admin("verify_session_cookie", cookie, check_revoked=True))["uid"] == signed_up["localId"]


async def test_the_servers_calls_need_credentials(cloud):
    response = await cloud.http.post("/identitytoolkit.googleapis.com/v1/projects/weftly-local/accounts", json={})
    assert response.status_code == 401


async def test_projects_keep_their_users_apart(admin, cloud):
    await admin("create_user", uid="u1", email="bob@example.com")
    owner = {"Authorization": "Bearer owner"}
    base = "/identitytoolkit.googleapis.com/v1/projects/other/accounts"
    answer = await cloud.http.post(f"{base}:lookup", json={"localId": ["u1"]}, headers=owner)
    assert "users" not in answer.json()
    assert (await cloud.http.post(base, json={"email": "bob@example.com"}, headers=owner)).status_code == 200


async def test_query_counts_and_finds(admin, cloud):
    await admin("create_user", uid="u1", email="bob@example.com")
    await admin("create_user", uid="u2")
    owner = {"Authorization": "Bearer owner"}
    url = "/identitytoolkit.googleapis.com/v1/projects/weftly-local/accounts:query"
    count = await cloud.http.post(url, json={"returnUserInfo": False}, headers=owner)
    assert count.json() == {"recordsCount": "2"}
    found = await cloud.http.post(url, json={"expression": [{"email": "bob@example.com"}]}, headers=owner)
    assert [user["localId"] for user in found.json()["userInfo"]] == ["u1"]


async def test_users_are_imported_and_keep_their_ids(cloud, admin):
    imported = [
        auth.ImportUserRecord(uid="one", email="One@b.example", custom_claims={"plan": "gold"}),
        auth.ImportUserRecord(uid="two", phone_number="+15551234567", disabled=True),
        auth.ImportUserRecord(uid="three", email="one@b.example"),
    ]
    result = await admin("import_users", imported)
    assert (result.success_count, result.failure_count) == (2, 1)
    assert result.errors[0].index == 2
    one, two = await admin("get_user", "one"), await admin("get_user", "two")
    assert (one.email, one.custom_claims) == ("one@b.example", {"plan": "gold"})
    assert (two.phone_number, two.disabled) == ("+15551234567", True)
    again = await admin("import_users", [auth.ImportUserRecord(uid="one", display_name="One")])
    assert again.failure_count == 0
    assert (await admin("get_user", "one")).email is None
