// An application that signs people in with npm `oauth4webapi`, and knows the server by its issuer alone.
import { compactDecrypt } from 'jose';
import * as oauth from 'oauth4webapi';
import { callback } from './host.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };

export async function discover(issuer) {
  const at = new URL(issuer);
  return oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, insecure));
}

export class Party {
  // `client` is what it registered; `proof` how it proves itself; `decrypt` the key that opens what is encrypted to it.
  constructor(as, client, proof, { decrypt, scope = 'openid profile email offline_access' } = {}) {
    Object.assign(this, { as, client, proof, scope, redirectUri: client.redirect_uris?.[0] ?? callback });
    this.options = { ...insecure };
    if (decrypt) this.options[oauth.jweDecrypt] = (jwe) => this.#decrypt(jwe, decrypt);
    this.seen = [];
  }

  // What a request holds, and what is remembered while the person is away.
  async ask(more = {}) {
    const verifier = oauth.generateRandomCodeVerifier();
    const asked = { verifier, state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() };
    const all = {
      client_id: this.client.client_id,
      redirect_uri: this.redirectUri,
      response_type: 'code',
      scope: this.scope,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state: asked.state,
      nonce: asked.nonce,
      ...more,
    };
    asked.parameters = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return { ...asked, url: this.at(asked.parameters) };
  }

  at(parameters) {
    return new URL(`?${new URLSearchParams(parameters)}`, this.as.authorization_endpoint);
  }

  // The same, with what is asked inside a request object that the client signed.
  async signed(asked, key) {
    const { client_id, response_type, scope, ...inside } = asked.parameters;
    const request = await oauth.issueRequestObject(this.as, this.client, { ...inside, client_id, response_type, scope }, key);
    return { ...asked, url: this.at({ client_id, response_type, scope, request }) };
  }

  // The same, pushed to the server directly; the browser carries a reference alone.
  async pushed(asked, parameters = asked.parameters) {
    const response = await oauth.pushedAuthorizationRequest(this.as, this.client, this.proof, parameters, this.options);
    const { request_uri } = await oauth.processPushedAuthorizationResponse(this.as, this.client, response);
    return { ...asked, url: this.at({ client_id: this.client.client_id, request_uri }) };
  }

  // Tokens for the answer that `back` carries; the ID token is checked, its signature too.
  async redeem(back, asked, { maxAge, additional } = {}) {
    const answer = oauth.validateAuthResponse(this.as, this.client, back, asked.state);
    const response = await oauth.authorizationCodeGrantRequest(
      this.as, this.client, this.proof, answer, this.redirectUri, asked.verifier,
      { ...this.options, additionalParameters: additional });
    const expected = { expectedNonce: asked.nonce, maxAge, requireIdToken: true, ...this.options };
    const tokens = await oauth.processAuthorizationCodeResponse(this.as, this.client, response, expected);
    return this.#checked(tokens, response);
  }

  async refresh(token, additional) {
    const response = await oauth.refreshTokenGrantRequest(
      this.as, this.client, this.proof, token, { ...this.options, additionalParameters: additional });
    const tokens = await oauth.processRefreshTokenResponse(this.as, this.client, response, this.options);
    return tokens.id_token ? this.#checked(tokens, response) : tokens;
  }

  async userinfo(tokens, sub) {
    const response = await oauth.userInfoRequest(this.as, this.client, tokens.access_token, this.options);
    const type = response.headers.get('content-type');
    const claims = await oauth.processUserInfoResponse(this.as, this.client, sub, response, this.options);
    if (type.startsWith('application/jwt')) {
      await oauth.validateApplicationLevelSignature(this.as, response, this.options);
    }
    return { type, claims };
  }

  async introspect(token, options = {}) {
    const response = await oauth.introspectionRequest(
      this.as, this.client, this.proof, token, { ...this.options, ...options });
    const type = response.headers.get('content-type');
    const told = await oauth.processIntrospectionResponse(this.as, this.client, response, this.options);
    if (type.startsWith('application/token-introspection+jwt')) {
      await oauth.validateApplicationLevelSignature(this.as, response, this.options);
    }
    return { type, told };
  }

  async revoke(token, hint) {
    const additionalParameters = hint && { token_type_hint: hint };
    const response = await oauth.revocationRequest(
      this.as, this.client, this.proof, token, { ...this.options, additionalParameters });
    await oauth.processRevocationResponse(response);
  }

  async actAlone(parameters) {
    const response = await oauth.clientCredentialsGrantRequest(
      this.as, this.client, this.proof, parameters, this.options);
    return oauth.processClientCredentialsResponse(this.as, this.client, response);
  }

  async #checked(tokens, response) {
    await oauth.validateApplicationLevelSignature(this.as, response, this.options);
    return { ...tokens, claims: oauth.getValidatedIdTokenClaims(tokens) };
  }

  async #decrypt(jwe, { key, alg, enc }) {
    const expected = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
    const { plaintext, protectedHeader } = await compactDecrypt(jwe, key, expected);
    this.seen.push(protectedHeader);
    return new TextDecoder().decode(plaintext);
  }
}
