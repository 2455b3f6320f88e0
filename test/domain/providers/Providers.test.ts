import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Redacted } from "effect"
import { createHash } from "node:crypto"
import { providers } from "../../../src/domain/providers/Providers.ts"
import * as Naming from "../../../src/domain/verification/Naming.ts"
import * as SecretShape from "../../../src/domain/verification/SecretShape.ts"
import { altered, now, request, type Sent, verdict } from "../verification/Requests.ts"
import { conversations } from "./senders/Conversations.ts"
import { shops } from "./senders/Shops.ts"
import { standardSenders } from "./senders/StandardSenders.ts"
import { workplaces } from "./senders/Workplaces.ts"

const none = { dedupe: Option.none(), type: Option.none() }

describe.each([...shops, ...conversations, ...workplaces, ...standardSenders])("$provider", (sender) => {
  const { body, carries, headers, otherSecret, provider, provesBody, secret } = sender
  const sent = { headers: headers(secret, body, now), body }
  const proof = sent.headers[carries] ?? ""
  const judged = (changes: Partial<Sent>, secrets = [secret]) => verdict(provider, secrets, { ...sent, ...changes })
  const carrying = (proof: string | ReadonlyArray<string>) => judged({ headers: { ...sent.headers, [carries]: proof } })

  it("is accepted as it is signed", () => {
    assert.strictEqual(judged({}), "accepted")
    assert.deepStrictEqual(SecretShape.problem(providers[provider].scheme({}), Redacted.make(secret)), Option.none())
  })

  it("is accepted by the second of two secrets", () => {
    assert.strictEqual(judged({}, [otherSecret, secret]), "accepted")
  })

  it("is refused with a byte of its body changed, or one more or less, where the body is proven", () => {
    for (const changed of [altered(body, 3), `${body} `, body.slice(0, -1)]) {
      assert.strictEqual(judged({ body: changed }) === "accepted", !provesBody)
    }
    if (provesBody && sender.bodyAt === undefined) {
      assert.strictEqual(judged({ body: altered(body, 3) }), "signature_mismatch")
    }
  })

  it("is refused by another secret, and by none", () => {
    assert.strictEqual(judged({}, [otherSecret]), "signature_mismatch")
    assert.strictEqual(judged({}, []), "secret_missing")
  })

  it("is refused without its proof, with it twice, changed, cut short, or too long", () => {
    const { [carries]: _, ...without } = sent.headers
    assert.strictEqual(judged({ headers: without }), "signature_missing")
    assert.strictEqual(carrying([proof, proof]), "signature_repeated")
    assert.strictEqual(carrying(altered(proof, proof.length - 6)), "signature_mismatch")
    for (const wrong of ["", proof.slice(0, -4), `${proof}AAAA`, `${proof}${"0".repeat(9_000)}`]) {
      assert.include(["signature_mismatch", "signature_malformed"], carrying(wrong))
    }
  })

  it("is refused when it is too old or too far ahead, to the second", () => {
    if (sender.tolerance === undefined) return
    const [old, ahead] = sender.tolerance
    const signedAt = (at: number) => {
      const content = sender.bodyAt?.(at) ?? body
      return verdict(provider, [secret], { headers: headers(secret, content, at), body: content })
    }
    assert.strictEqual(signedAt(now - old * 1_000), "accepted")
    assert.strictEqual(signedAt(now - (old + 1) * 1_000), "timestamp_too_old")
    assert.strictEqual(signedAt(now + ahead * 1_000), "accepted")
    assert.strictEqual(signedAt(now + (ahead + 1) * 1_000), "timestamp_too_far_ahead")
  })

  it("is named by what names the webhook and no business object", () => {
    const { dedupeKey, type } = Naming.name(providers[provider].scheme({}), none, request(sent))
    const hash = `sha256:${createHash("sha256").update(body).digest("hex")}`
    assert.strictEqual(dedupeKey, sender.dedupeKey === "hash" ? hash : sender.dedupeKey)
    assert.strictEqual(Option.getOrNull(type), sender.type)
  })

  it("is never accepted by chance, and never makes the verifier throw", () => {
    const names = [...Object.keys(sent.headers), "content-type"]
    const arbitrary = FastCheck.record({
      body: FastCheck.uint8Array({ maxLength: 200 }),
      headers: FastCheck.dictionary(
        FastCheck.constantFrom(...names),
        FastCheck.oneof(
          FastCheck.string(),
          FastCheck.string().map((noise) => proof.slice(0, 20) + noise),
          FastCheck.constantFrom(...Object.values(sent.headers)),
          FastCheck.array(FastCheck.string(), { maxLength: 3 })
        )
      )
    })
    FastCheck.assert(FastCheck.property(arbitrary, (random) => {
      if (!provesBody && random.headers[carries] === proof) return
      assert.notStrictEqual(verdict(provider, [secret], random), "accepted")
      Naming.name(providers[provider].scheme({}), none, request(random))
    }))
  })
})
