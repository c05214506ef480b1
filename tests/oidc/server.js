// A real OIDC issuer: `node server.js PORT`. POST /_ (JSON) sets up what it does from now on.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { SignJWT, decodeJwt, exportJWK, generateKeyPair } from "jose";
import { Provider } from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const secret = randomBytes(32).toString("hex");

// What POST /_ replaces, each by itself.
const setup = {
  people: {}, // claims by subject
  redirect_uris: ["http://127.0.0.1:1/callback"],
  logout_uris: [],
  overrides: {}, // claims of id tokens that are told wrongly
  user_info: {}, // what the user info tells wrongly
  away: false, // closes every connection
};
let keys;
let key;
let handle;

async function rotate() {
  const made = await generateKeyPair("RS256", { extractable: true });
  const kid = randomBytes(8).toString("hex");
  keys = { keys: [{ ...(await exportJWK(made.privateKey)), kid, use: "sig", alg: "RS256" }] };
  key = made.privateKey;
}

async function retold(token) {
  const header = { alg: "RS256", kid: keys.keys[0].kid };
  const claims = { ...decodeJwt(token), at_hash: undefined, ...setup.overrides };
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

function build() {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "forgewire",
        client_secret: "the secret: of a+client%",
        redirect_uris: setup.redirect_uris,
        post_logout_redirect_uris: setup.logout_uris,
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
    cookies: { keys: [secret] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, ...setup.people[sub] }),
    }),
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
    jwks: keys,
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client.clientId,
        accountId: oidc.session.accountId,
      });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === "/token" && ctx.body?.id_token && Object.keys(setup.overrides).length) {
      ctx.body.id_token = await retold(ctx.body.id_token);
    }
  });
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.path === "/me") Object.assign(ctx.body, setup.user_info);
  });
  const callback = provider.callback();
  return async (req, res) => {
    if (!req.url.startsWith("/sign-in/")) return callback(req, res);
    // The page on which one says who one is: POST sub=41.
    if (req.method !== "POST") return res.end("<form method=post><input name=sub></form>");
    const sub = new URLSearchParams(await body(req)).get("sub");
    return provider.interactionFinished(req, res, { login: { accountId: sub } });
  };
}

async function body(req) {
  let text = "";
  for await (const piece of req) text += piece;
  return text;
}

await rotate();
handle = build();
createServer(async (req, res) => {
  if (req.url !== "/_") return setup.away ? req.socket.destroy() : handle(req, res);
  const { new_keys: newKeys, ...told } = JSON.parse(await body(req));
  Object.assign(setup, told);
  if (newKeys) await rotate();
  // It forgets what is under way.
  if (newKeys || told.redirect_uris) handle = build();
  return res.end();
}).listen(port, "127.0.0.1", () => console.log("listening"));
