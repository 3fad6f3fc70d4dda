// Keys that a client makes for itself, with `jose`.
import { exportJWK, generateKeyPair } from 'jose';

export async function signingKey(alg, kid = `sign-${alg}`) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, key: privateKey, publicKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'sig' } };
}

export async function decryptionKey(alg, kid = `decrypt-${alg}`) {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true, crv: 'P-256' });
  return { kid, key: privateKey, publicKey, jwk: { ...await exportJWK(publicKey), kid, alg, use: 'enc' } };
}

export const setOf = (...keys) => ({ keys: keys.map(({ jwk }) => jwk) });
