// Signs in over SRP with amazon-cognito-identity-js, refreshes, signs out; verifies with aws-jwt-verify.
// Everything comes in as JSON in the first argument, everything goes out as JSON on stdout.
import cognito from "amazon-cognito-identity-js";
import { CognitoJwtVerifier } from "aws-jwt-verify";

const { endpoint, pool, client, username, password } = JSON.parse(process.argv[2]);

const users = new cognito.CognitoUserPool({
  UserPoolId: pool,
  ClientId: client,
  endpoint,
  AdvancedSecurityDataCollectionFlag: false,
});
const user = new cognito.CognitoUser({ Username: username, Pool: users });
const details = new cognito.AuthenticationDetails({ Username: username, Password: password });

const promised = (act) => new Promise((resolve, reject) => act(resolve, reject));
const signIn = () =>
  promised((resolve, reject) =>
    user.authenticateUser(details, {
      onSuccess: resolve,
      onFailure: reject,
      newPasswordRequired: () => reject({ name: "NEW_PASSWORD_REQUIRED" }),
    }),
  );
const called = (act) => promised((resolve, reject) => act((error, done) => (error ? reject(error) : resolve(done))));
const refused = async (act) => {
  try {
    await act();
    return null;
  } catch (error) {
    return error.name;
  }
};

async function verify(token, tokenUse) {
  const answer = await fetch(`${endpoint.replace(/\/$/, "")}/${pool}/.well-known/jwks.json`);
  const verifier = CognitoJwtVerifier.create({ userPoolId: pool, clientId: client, tokenUse });
  verifier.cacheJwks(await answer.json());
  return verifier.verify(token);
}

const out = {};
try {
  const session = await signIn();
  const [id, access] = [session.getIdToken().getJwtToken(), session.getAccessToken().getJwtToken()];
  out.idUse = (await verify(id, "id")).token_use;
  out.accessUse = (await verify(access, "access")).token_use;
  out.wrongUse = await refused(() => verify(access, "id"));
  out.tampered = await refused(() => verify(`${id.slice(0, -8)}AAAAAAAA`, "id"));
  const refreshed = await called((done) => user.refreshSession(session.getRefreshToken(), done));
  out.refreshed = refreshed.getIdToken().getJwtToken() !== id;
  out.attributes = (await called((done) => user.getUserAttributes(done))).map((one) => one.getName());
  await promised((resolve, reject) => user.globalSignOut({ onSuccess: resolve, onFailure: reject }));
  const again = new cognito.CognitoUser({ Username: username, Pool: users });
  out.afterSignOut = await refused(() => called((done) => again.refreshSession(session.getRefreshToken(), done)));
} catch (error) {
  out.error = error.name ?? String(error);
  out.message = error.message;
}
console.log(JSON.stringify(out));
