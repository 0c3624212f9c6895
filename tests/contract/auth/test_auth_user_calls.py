"""An app signs its users up and in as with Firebase Auth."""

import time

import jwt

SECRET = "correct horse"


def claims(token: str) -> dict:
    return jwt.decode(token, options={"verify_signature": False})


async def sign_up(cloud, email: str = "ann@example.com") -> dict:
    return await cloud.call("signUp", email=email, password=SECRET, returnSecureToken=True)


async def test_sign_up_gives_tokens_that_name_the_user(cloud):
    answer = await sign_up(cloud)
    assert answer["email"] == "ann@example.com"
    assert answer["expiresIn"] == "3600"
    said = claims(answer["idToken"])
    assert jwt.get_unverified_header(answer["idToken"])["alg"] == "none"
    assert answer["idToken"].endswith(".")
    assert said["iss"] == "https://securetoken.google.com/weftly-local"
    assert said["aud"] == "weftly-local"
    assert said["sub"] == said["user_id"] == answer["localId"]
    assert said["email"] == "ann@example.com"
    assert said["email_verified"] is False
    assert said["exp"] - said["iat"] == 3600
    assert abs(said["auth_time"] - time.time()) < 30
    assert said["firebase"] == {"identities": {"email": ["ann@example.com"]}, "sign_in_provider": "password"}


async def test_an_address_is_taken_in_any_case(cloud):
    await sign_up(cloud)
    assert await cloud.refused("signUp", email="Ann@Example.com", password=SECRET) == "EMAIL_EXISTS"


async def test_sign_up_refuses_what_is_not_an_address_or_too_short_a_password(cloud):
    assert await cloud.refused("signUp", email="ann", password=SECRET) == "INVALID_EMAIL"
    weak = "WEAK_PASSWORD : Password should be at least 6 characters"
    assert await cloud.refused("signUp", email="a@b.c", password="12345") == weak
    assert await cloud.refused("signUp", email="a@b.c") == "MISSING_PASSWORD"
    assert await cloud.refused("signUp", password=SECRET) == "MISSING_EMAIL"


async def test_sign_in_finds_the_same_user(cloud):
    first = await sign_up(cloud)
    again = await cloud.call("signInWithPassword", email="ann@example.com", password=SECRET, returnSecureToken=True)
    assert again["localId"] == first["localId"]
    assert again["registered"] is True
    assert claims(again["idToken"])["sub"] == first["localId"]


async def test_sign_in_tells_a_wrong_password_from_an_unknown_address(cloud):
    await sign_up(cloud)
    assert await cloud.refused("signInWithPassword", email="x@y.z", password=SECRET) == "EMAIL_NOT_FOUND"
    wrong = await cloud.refused("signInWithPassword", email="ann@example.com", password="wrong!!")
    assert wrong == "INVALID_PASSWORD"


async def test_with_email_privacy_both_look_alike(cloud):
    await cloud.stop()
    await cloud.start(email_privacy=True)
    await sign_up(cloud)
    for email in ("x@y.z", "ann@example.com"):
        refused = await cloud.refused("signInWithPassword", email=email, password="wrong!!")
        assert refused == "INVALID_LOGIN_CREDENTIALS"


async def test_an_anonymous_user_can_take_an_address_later(cloud):
    anonymous = await cloud.call("signUp", returnSecureToken=True)
    said = claims(anonymous["idToken"])
    assert said["firebase"]["sign_in_provider"] == "anonymous"
    assert "email" not in said
    linked = await cloud.call("signUp", idToken=anonymous["idToken"], email="late@example.com", password=SECRET)
    assert linked["localId"] == anonymous["localId"]
    again = await cloud.call("signInWithPassword", email="late@example.com", password=SECRET)
    assert again["localId"] == anonymous["localId"]


async def test_a_refresh_token_gives_new_id_tokens(cloud):
    cloud.offset = -600
    first = await sign_up(cloud)
    cloud.offset = 0
    answer = (await cloud.refresh(first["refreshToken"])).json()
    assert answer["user_id"] == first["localId"]
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == "3600"
    before, after = claims(first["idToken"]), claims(answer["id_token"])
    assert after["auth_time"] == before["auth_time"]
    assert after["iat"] >= before["iat"] + 600


async def test_a_refresh_token_nobody_gave_out_is_refused(cloud):
    response = await cloud.refresh("made-up")
    assert response.status_code == 400
    assert response.json()["error"]["message"] == "INVALID_REFRESH_TOKEN"


async def test_a_user_sees_their_record_but_no_hash(cloud):
    first = await sign_up(cloud)
    (user,) = (await cloud.call("lookup", idToken=first["idToken"]))["users"]
    assert user["email"] == "ann@example.com"
    assert user["passwordHash"] == "UkVEQUNURUQ="
    assert "salt" not in user
    assert user["providerUserInfo"][0]["providerId"] == "password"


async def test_an_expired_id_token_is_refused(cloud):
    cloud.offset = -3700
    first = await sign_up(cloud)
    cloud.offset = 0
    assert await cloud.refused("lookup", idToken=first["idToken"]) == "TOKEN_EXPIRED"
    assert await cloud.refused("lookup", idToken="nonsense") == "INVALID_ID_TOKEN"


async def test_a_new_password_voids_the_earlier_sessions(cloud):
    cloud.offset = -60
    first = await sign_up(cloud)
    cloud.offset = 0
    changed = await cloud.call("update", idToken=first["idToken"], password="another one", returnSecureToken=True)
    assert changed["idToken"]
    assert await cloud.refused("lookup", idToken=first["idToken"]) == "TOKEN_EXPIRED"
    assert (await cloud.refresh(first["refreshToken"])).json()["error"]["message"] == "TOKEN_EXPIRED"
    assert (await cloud.refresh(changed["refreshToken"])).status_code == 200
    assert await cloud.refused("signInWithPassword", email="ann@example.com", password=SECRET) == "INVALID_PASSWORD"


async def test_a_user_changes_and_deletes_their_profile(cloud):
    first = await sign_up(cloud)
    changed = await cloud.call("update", idToken=first["idToken"], displayName="Ann", photoUrl="https://x/y.png")
    assert changed["displayName"] == "Ann"
    cleared = await cloud.call("update", idToken=first["idToken"], deleteAttribute=["DISPLAY_NAME"])
    assert "displayName" not in cleared
    await cloud.call("delete", idToken=first["idToken"])
    assert await cloud.refused("lookup", idToken=first["idToken"]) == "USER_NOT_FOUND"


async def test_a_user_cannot_give_themselves_claims(cloud):
    first = await sign_up(cloud)
    await cloud.call("update", idToken=first["idToken"], customAttributes='{"role": "admin"}', emailVerified=True)
    (user,) = (await cloud.call("lookup", idToken=first["idToken"]))["users"]
    assert "customAttributes" not in user
    assert user["emailVerified"] is False


async def codes(cloud) -> list[dict]:
    return (await cloud.http.get("/emulator/v1/projects/weftly-local/oobCodes")).json()["oobCodes"]


async def test_a_mailed_code_resets_the_password_once(cloud):
    await sign_up(cloud)
    sent = await cloud.call("sendOobCode", requestType="PASSWORD_RESET", email="ann@example.com")
    assert "oobCode" not in sent
    (code,) = await codes(cloud)
    assert code["email"] == "ann@example.com"
    assert code["oobCode"] in code["oobLink"]
    checked = await cloud.call("resetPassword", oobCode=code["oobCode"])
    assert checked["requestType"] == "PASSWORD_RESET"
    await cloud.call("resetPassword", oobCode=code["oobCode"], newPassword="brand new")
    assert (await cloud.call("signInWithPassword", email="ann@example.com", password="brand new"))["localId"]
    refused = await cloud.refused("resetPassword", oobCode=code["oobCode"], newPassword="brand new")
    assert refused == "INVALID_OOB_CODE"


async def test_a_mailed_code_confirms_the_address(cloud):
    first = await sign_up(cloud)
    await cloud.call("sendOobCode", requestType="VERIFY_EMAIL", idToken=first["idToken"])
    (code,) = await codes(cloud)
    assert (await cloud.call("update", oobCode=code["oobCode"]))["emailVerified"] is True
    (user,) = (await cloud.call("lookup", idToken=first["idToken"]))["users"]
    assert user["emailVerified"] is True


async def test_a_mailed_link_signs_in_without_a_password(cloud):
    await cloud.call("sendOobCode", requestType="EMAIL_SIGNIN", email="new@example.com")
    (code,) = await codes(cloud)
    answer = await cloud.call("signInWithEmailLink", email="new@example.com", oobCode=code["oobCode"])
    assert answer["isNewUser"] is True
    assert claims(answer["idToken"])["email_verified"] is True


async def test_users_and_sessions_survive_a_restart(cloud):
    first = await sign_up(cloud)
    await cloud.stop()
    await cloud.start()
    assert (await cloud.refresh(first["refreshToken"])).status_code == 200
    assert (await cloud.call("signInWithPassword", email="ann@example.com", password=SECRET))["localId"]


async def test_a_browser_of_another_origin_may_call(cloud):
    response = await cloud.http.options(
        "/identitytoolkit.googleapis.com/v1/accounts:signUp",
        headers={
            "Origin": "http://localhost:3000",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-client-version,content-type",
        },
    )
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] in ("*", "http://localhost:3000")


async def test_the_public_key_of_the_local_cloud_verifies_its_tokens(cloud):
    (key,) = (await cloud.http.get("/oauth2/v3/certs")).json()["keys"]
    token = cloud.identity.mint_oidc("https://f", "a@b.c")
    assert jwt.get_unverified_header(token)["kid"] == key["kid"]
    assert jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], audience="https://f")["email"] == "a@b.c"
