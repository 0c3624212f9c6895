// What an app does with Firebase Auth, told as a list of lines; the same in Node and in a browser.
// `sdk` is firebase/app and firebase/auth; `host` the address of the local Auth; `codes` reads the mail that it "sent".

export async function run(sdk, host, codes) {
  const app = sdk.initializeApp({ apiKey: "any", projectId: "weftly-local", authDomain: "localhost" });
  const auth = sdk.getAuth(app);
  sdk.connectAuthEmulator(auth, host, { disableWarnings: true });
  const email = "ada@weftly.example";
  const lines = [];
  const say = (what, value) => lines.push(`${what}: ${JSON.stringify(value)}`);
  const refused = async (call) => {
    try {
      await call();
      return "not refused";
    } catch (error) {
      return error.code;
    }
  };
  const code = async (requestType) => (await codes()).filter((one) => one.requestType === requestType).at(-1);

  const anonymous = await sdk.signInAnonymously(auth);
  say("anonymous", anonymous.user.isAnonymous);
  const linked = await sdk.linkWithCredential(
    anonymous.user, sdk.EmailAuthProvider.credential("linked@weftly.example", "secret-0"));
  say("linked keeps its id", linked.user.uid === anonymous.user.uid && !linked.user.isAnonymous);
  await sdk.signOut(auth);
  say("signed out", auth.currentUser);

  const created = await sdk.createUserWithEmailAndPassword(auth, email, "secret-1");
  say("signed up", created.user.email);
  await sdk.updateProfile(created.user, { displayName: "Ada" });
  await created.user.reload();
  say("name", created.user.displayName);
  const before = await created.user.getIdToken();
  await new Promise((resume) => setTimeout(resume, 1100));
  const after = await created.user.getIdToken(true);
  say("refreshed", before !== after);
  const claims = (await created.user.getIdTokenResult()).claims;
  say("claims", [claims.name, claims.email, claims.firebase.sign_in_provider]);
  say("methods", await sdk.fetchSignInMethodsForEmail(auth, email));
  say("no methods", await sdk.fetchSignInMethodsForEmail(auth, "nobody@weftly.example"));

  await sdk.sendEmailVerification(created.user);
  await sdk.applyActionCode(auth, (await code("VERIFY_EMAIL")).oobCode);
  await created.user.reload();
  say("verified", created.user.emailVerified);
  say("taken", await refused(() => sdk.createUserWithEmailAndPassword(auth, email, "secret-1")));
  say("weak", await refused(() => sdk.createUserWithEmailAndPassword(auth, "b@weftly.example", "short")));
  await sdk.signOut(auth);

  say("wrong password", await refused(() => sdk.signInWithEmailAndPassword(auth, email, "wrong-1")));
  await sdk.sendPasswordResetEmail(auth, email);
  const reset = (await code("PASSWORD_RESET")).oobCode;
  say("reset is for", await sdk.verifyPasswordResetCode(auth, reset));
  await sdk.confirmPasswordReset(auth, reset, "secret-2");
  say("used code", await refused(() => sdk.confirmPasswordReset(auth, reset, "secret-3")));
  const signedIn = await sdk.signInWithEmailAndPassword(auth, email, "secret-2");
  say("signed in", signedIn.user.uid === created.user.uid);
  await sdk.updatePassword(signedIn.user, "secret-4");
  await sdk.reauthenticateWithCredential(signedIn.user, sdk.EmailAuthProvider.credential(email, "secret-4"));
  await sdk.verifyBeforeUpdateEmail(signedIn.user, "lovelace@weftly.example");
  await sdk.applyActionCode(auth, (await code("VERIFY_AND_CHANGE_EMAIL")).oobCode);
  await sdk.signInWithEmailAndPassword(auth, "lovelace@weftly.example", "secret-4");
  say("changed address", auth.currentUser.email);

  const settings = { url: "https://app.example/done", handleCodeInApp: true };
  await sdk.sendSignInLinkToEmail(auth, "link@weftly.example", settings);
  const link = (await code("EMAIL_SIGNIN")).oobLink;
  say("is a link", sdk.isSignInWithEmailLink(auth, link));
  const byLink = await sdk.signInWithEmailLink(auth, "link@weftly.example", link);
  say("by link", [byLink.user.email, byLink.user.emailVerified]);
  say("link methods", await sdk.fetchSignInMethodsForEmail(auth, "link@weftly.example"));

  const part = (value) => btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const custom = `${part({ alg: "none" })}.${part({ uid: "custom-1", claims: { plan: "gold" } })}.`;
  const byToken = await sdk.signInWithCustomToken(auth, custom);
  say("by token", [byToken.user.uid, (await byToken.user.getIdTokenResult()).claims.plan]);
  await sdk.deleteUser(byToken.user);
  say("deleted", auth.currentUser);
  say("password rules", (await sdk.validatePassword(auth, "abc")).meetsMinPasswordLength);
  return lines;
}
