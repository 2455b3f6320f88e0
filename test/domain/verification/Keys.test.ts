import { assert, describe, it } from "@effect/vitest"
import { Either, Option, Redacted } from "effect"
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import * as Scheme from "../../../src/domain/verification/Scheme.ts"
import * as Verifier from "../../../src/domain/verification/Verifier.ts"
import { p256, signP256 } from "../../../src/simulate/senders/Keys.ts"
import { request } from "./Requests.ts"

const body = "the body"
const at = [{ header: "x-signature" }] as const
const verdict = (scheme: Scheme.Scheme, secret: Redacted.Redacted, signature: string, key?: KeyObject) =>
  Either.match(
    Verifier.verify(
      scheme,
      [secret],
      request({ body, headers: { "x-signature": signature } }),
      () => Option.fromNullable(key)
    ),
    { onLeft: ({ reason }) => reason, onRight: () => "accepted" }
  )

describe("a key", () => {
  it("is read anew for a proof that reads it otherwise", () => {
    const scheme = Scheme.make({
      proofs: [
        { kind: "public-key", algorithm: "ed25519", at, encoding: "base64", key: { encoding: "base64" } },
        { kind: "public-key", algorithm: "ecdsa-p256", at, encoding: "base64", key: { encoding: "base64" } }
      ]
    })
    const secret = Redacted.make(p256.secretOf(p256.own))
    assert.strictEqual(verdict(scheme, secret, signP256(p256.own, body).toString("base64")), "accepted")
  })

  const certified = Scheme.make({
    proofs: [{
      kind: "certificate",
      at,
      encoding: "base64",
      certificate: { header: "x-signature" },
      hosts: ["certificates.example"]
    }]
  })

  it("that is no RSA key proves nothing as a certificate's, and nothing throws", () => {
    for (const type of ["ed25519", "x25519"] as const) {
      const { publicKey } = type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519")
      assert.notStrictEqual(verdict(certified, Redacted.make("secret"), "AAAA", publicKey), "accepted", type)
    }
  })

  it("that is an RSA key proves what it signed", () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 })
    const signature = sign("sha256", Buffer.from(body), privateKey).toString("base64")
    assert.strictEqual(verdict(certified, Redacted.make("secret"), signature, publicKey), "accepted")
    assert.strictEqual(verdict(certified, Redacted.make("secret"), signature), "certificate_refused")
  })
})
