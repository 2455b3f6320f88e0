import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted, Struct } from "effect"
import { createHash } from "node:crypto"
import { providers } from "../../../src/domain/providers/Providers.ts"
import * as Handshake from "../../../src/domain/verification/Handshake.ts"
import * as Naming from "../../../src/domain/verification/Naming.ts"
import * as SecretShape from "../../../src/domain/verification/SecretShape.ts"
import type { Signed } from "../../../src/simulate/senders/Sender.ts"
import { senders } from "../../../src/simulate/senders/Senders.ts"
import { altered, now, request, type Sent, verdict } from "../verification/Requests.ts"
import { certificates } from "./CertificateSenders.ts"
import * as Proof from "./Proof.ts"
import { expected, table } from "./Table.ts"

const none = { dedupe: Option.none(), type: Option.none() }

const replaced = (sent: Signed, [from, to]: readonly [string, string]): Sent => {
  assert.include(sent.body, from)
  return { ...sent, body: sent.body.replace(from, to) }
}

describe("the table of providers", () => {
  it("has every provider but the one that proves nothing", () => {
    assert.sameMembers([...new Set(table.map(({ provider }) => provider)), "none"], Struct.keys(providers))
  })

  it("has every way to sign that is simulated", () => {
    const ways = senders.map(({ provider, variant }) => [provider, variant].filter((_) => _ !== undefined).join(" "))
    assert.includeMembers(Struct.keys(expected), ways)
    assert.includeMembers(table.map(({ name }) => name), ways)
  })
})

describe.each(table)("$name", ({ otherSecret, proof, proves, provider, secret, signed, ...row }) => {
  const scheme = providers[provider].scheme({})
  const sent = signed()
  const judged = (sent: Sent, secrets = [secret]) => verdict(provider, secrets, sent, {}, certificates)
  const changed = (change: (proof: string) => string) => judged(Proof.changed(proof, sent, change))
  const named = (sent: Signed) => Naming.name(scheme, none, request(sent))

  it("is accepted as it is signed", () => {
    assert.strictEqual(judged(sent), "accepted")
    assert.deepStrictEqual(SecretShape.problem(scheme, Redacted.make(secret)), Option.none())
    for (const isSigned of [false, true]) {
      assert.deepStrictEqual(Handshake.of(scheme.handshakes, isSigned, request(sent)), Option.none())
    }
  })

  it("is accepted by the second of two secrets", () => {
    assert.strictEqual(judged(sent, [otherSecret, secret]), "accepted")
  })

  it("is refused with what is proven changed, and with nothing else", () => {
    switch (proves) {
      case "body":
        assert.strictEqual(judged({ ...sent, body: altered(sent.body, 3) }), row.changed ?? "signature_mismatch")
        for (const body of [`${sent.body} `, sent.body.slice(0, -1), ` ${sent.body}`, sent.body.slice(1), ""]) {
          assert.notStrictEqual(judged({ ...sent, body }), "accepted")
        }
        break
      case "sender":
        assert.strictEqual(judged({ ...sent, body: "anything" }), "accepted")
        break
      default:
        for (const change of proves.texts) assert.strictEqual(judged(replaced(sent, change)), "signature_mismatch")
        for (const change of proves.notTexts) assert.strictEqual(judged(replaced(sent, change)), "accepted")
    }
  })

  it("is refused by another secret, and by none", () => {
    assert.strictEqual(judged(sent, [otherSecret]), "signature_mismatch")
    assert.strictEqual(judged(sent, []), "secret_missing")
  })

  it("is refused without its proof, with it twice, changed, cut short, or too long", () => {
    assert.strictEqual(judged(Proof.without(proof, sent)), "signature_missing")
    for (const repeated of Option.toArray(Proof.twice(proof, sent))) {
      assert.strictEqual(judged(repeated), "signature_repeated")
    }
    assert.strictEqual(changed((_) => altered(_, _.length - 6)), "signature_mismatch")
    for (
      const wrong of [
        changed(() => ""),
        changed((_) => _.slice(0, -4)),
        changed((_) => `${_}AAAA`),
        changed((_) => _ + "0".repeat(9_000))
      ]
    ) {
      assert.include(["signature_mismatch", "signature_malformed"], wrong)
    }
  })

  it("is refused when it is too old or too far ahead, to the second", () => {
    if (row.tolerance === undefined) return
    const [old, ahead] = row.tolerance
    const signedAt = (seconds: number) => judged(signed({ at: now + seconds * 1_000 }))
    assert.strictEqual(signedAt(-old), "accepted")
    assert.strictEqual(signedAt(-old - 1), "timestamp_too_old")
    assert.strictEqual(signedAt(ahead), "accepted")
    assert.strictEqual(signedAt(ahead + 1), "timestamp_too_far_ahead")
  })

  it("is named by what names the webhook and no business object", () => {
    const { dedupeKey, type } = named(sent)
    const hash = `sha256:${createHash("sha256").update(sent.body).digest("hex")}`
    assert.strictEqual(dedupeKey, row.key?.("wh_1") ?? hash)
    assert.strictEqual(Option.getOrNull(type), row.type)
    assert.strictEqual(named(signed({ id: "wh_2" })).dedupeKey === dedupeKey, false)
    assert.strictEqual(named(signed({ at: now + 5_000 })).dedupeKey, row.key?.("wh_1") ?? hash)
  })

  it("is never accepted by chance, and never makes the verifier throw", () => {
    const right = Proof.read(proof, sent)
    const noise = FastCheck.oneof(
      FastCheck.string(),
      FastCheck.string().map((noise) => right.slice(0, right.length / 2) + noise)
    )
    const headers = FastCheck.dictionary(
      FastCheck.constantFrom(...Struct.keys(sent.headers)),
      FastCheck.oneof(
        noise,
        FastCheck.constantFrom(...Object.values(sent.headers)),
        FastCheck.array(FastCheck.string(), { maxLength: 3 })
      )
    )
    const bytes = FastCheck.uint8Array({ maxLength: 200 })
    const random = FastCheck.oneof(
      FastCheck.record({ headers, body: bytes }),
      FastCheck.record({ headers: FastCheck.constant(sent.headers), body: bytes }),
      noise.map((_) => Proof.write(proof, sent, _))
    )
    FastCheck.assert(FastCheck.property(random, (random) => {
      const isRight = "header" in proof && random.headers?.[proof.header] === right
      if (proves === "sender" && isRight) return
      assert.notStrictEqual(judged({ url: sent.url, ...random }), "accepted")
      Naming.name(scheme, none, request(random))
      for (const isSigned of [false, true]) Handshake.of(scheme.handshakes, isSigned, request(random))
    }))
  })
})
