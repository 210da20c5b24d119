// Signs in with openid-client: `start` says where a browser has to go, `finish` takes what came back for tokens, asks who it is,
// and refreshes. Everything comes in as JSON in the first argument, everything goes out as JSON on stdout.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import * as oidc from "openid-client";

const given = JSON.parse(process.argv[2]);
const ca = readFileSync(given.ca);

// Nothing here resolves our hosts: every address is the public listener's, under the name that was asked for.
function fetchFromListener(address, options) {
  const url = new URL(address);
  return new Promise((resolve, reject) => {
    const headers = { ...Object.fromEntries(new Headers(options.headers)), host: url.host };
    const body = options.body ? String(options.body) : undefined;
    const sent = request(
      {
        host: "127.0.0.1",
        port: given.port,
        servername: url.hostname,
        path: url.pathname + url.search,
        method: options.method ?? "GET",
        headers,
        ca,
      },
      (answer) => {
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => {
          resolve(new Response(Buffer.concat(parts), { status: answer.statusCode, headers: answer.headers }));
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const config = await oidc.discovery(new URL(given.issuer), given.client, undefined, oidc.None(), {
  [oidc.customFetch]: fetchFromListener,
});

async function start() {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const address = oidc.buildAuthorizationUrl(config, {
    redirect_uri: given.redirect,
    scope: "openid email",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  return { address: address.href, verifier, state, nonce, signing: config.serverMetadata().id_token_signing_alg_values_supported };
}

async function finish() {
  const { verifier, state, nonce } = given;
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true };
  const tokens = await oidc.authorizationCodeGrant(config, new URL(given.callback), checks);
  const claims = tokens.claims();
  const who = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  return { claims, who, id: tokens.id_token, access: tokens.access_token, refreshed: refreshed.access_token };
}

try {
  console.log(JSON.stringify(await { start, finish }[given.action]()));
} catch (error) {
  console.log(JSON.stringify({ error: error.error ?? error.code ?? error.name, message: error.message }));
}
