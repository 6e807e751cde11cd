// A login service for the tests: oidc-provider, which is certified, with the least there must be
// around it. Usage: node server.mjs SETTINGS.json, where the file holds
//   certificate, key   paths, PEM
//   port               optional; else any that is free
//   clients            as oidc-provider takes them
//   accounts           login name -> claims, of which sub is one
// It prints one line, {"issuer": "https://127.0.0.1:PORT"}, once it listens. Its login page is a
// plain form: whoever names an account is that account.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

// It warns that its memory is no database; here that is as it should be.
console.info = console.warn = () => {};

const settings = JSON.parse(readFileSync(process.argv[2], "utf8"));
const accounts = new Map(Object.entries(settings.accounts));

function key(alg, kind, options) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: alg };
}

const rsa = { modulusLength: 2048 };
const keys = [
  key("ES256", "ec", { namedCurve: "P-256" }),
  key("ES384", "ec", { namedCurve: "P-384" }),
  key("EdDSA", "ed25519"),
  key("PS256", "rsa", rsa),
  key("PS384", "rsa", rsa),
  key("RS256", "rsa", rsa),
];

const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (title, body) =>
  `<!doctype html><html lang="nl"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`;

function configuration() {
  return {
    clients: settings.clients,
    jwks: { keys },
    cookies: { keys: [randomBytes(32).toString("hex")] },
    enabledJWA: { idTokenSigningAlgValues: keys.map((key) => key.alg) },
    pkce: { methods: ["S256"], required: () => true },
    scopes: ["openid", "profile"],
    claims: { openid: ["sub"], profile: ["name", "organisatie", "rollen"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, name) => {
      const claims = accounts.get(name);
      // The service's own session knows the account by its login name, everybody else by its sub.
      return claims && { accountId: name, claims: () => ({ ...claims }) };
    },
    // Nobody is asked whether this gateway may know who they are.
    loadExistingGrant: async ({ oidc }) => {
      const { client, session, provider } = oidc;
      const known = session.grantIdFor(client.clientId);
      if (known) return provider.Grant.find(known);
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) => {
      ctx.type = "text/plain";
      ctx.body = `${out.error}: ${out.error_description}`;
    },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
  };
}

async function form(request) {
  let text = "";
  for await (const piece of request) text += piece;
  return new URLSearchParams(text);
}

async function interaction(provider, request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  let mistake = "";
  if (request.method === "POST") {
    const given = await form(request);
    if (given.has("annuleren")) {
      const result = { error: "access_denied", error_description: "cancelled" };
      return provider.interactionFinished(request, response, result);
    }
    const name = given.get("account") ?? "";
    if (accounts.has(name)) {
      const result = { login: { accountId: name } };
      return provider.interactionFinished(request, response, result);
    }
    mistake = `<p id="fout">Geen account met de naam ${escaped(name)}</p>`;
  }
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(
    page(
      "Aanmelden",
      `${mistake}<form method="post" action="/interaction/${uid}"><label for="account">Account</label>
<input id="account" name="account" autofocus><button id="aanmelden">Aanmelden</button>
<button id="annuleren" name="annuleren" value="ja">Annuleren</button></form>`,
    ),
  );
}

let provider;
const tls = { cert: readFileSync(settings.certificate), key: readFileSync(settings.key) };
const server = createServer(tls, (request, response) => {
  if (!request.url.startsWith("/interaction/")) return provider.callback()(request, response);
  return interaction(provider, request, response).catch((error) => {
    response.statusCode = 400;
    response.end(String(error));
  });
});
server.listen(settings.port ?? 0, "127.0.0.1", () => {
  const issuer = `https://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, configuration());
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
