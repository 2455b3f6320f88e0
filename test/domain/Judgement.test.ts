import { assert, describe, it } from "@effect/vitest"
import { Duration, FastCheck, Option } from "effect"
import * as Judgement from "../../src/domain/Judgement.ts"

const now = Date.UTC(2026, 8, 21, 14, 13, 20)

const answered = (status: number, retryAfter?: string): Judgement.Outcome => ({
  _tag: "Answered",
  status,
  retryAfter: Option.fromNullable(retryAfter),
  body: "what it said"
})

const retry: Judgement.Verdict = { _tag: "Retry", notBefore: Option.none() }

const wish = (text: string, status = 503) => {
  const verdict = Judgement.judge(answered(status, text), now)
  return verdict._tag === "Retry" ? Option.getOrNull(Option.map(verdict.notBefore, Duration.toMillis)) : verdict._tag
}

describe("the judgement of an attempt", () => {
  it.each<[number, Judgement.Verdict["_tag"]]>([
    [100, "Retry"],
    [199, "Retry"],
    [200, "Delivered"],
    [202, "Delivered"],
    [204, "Delivered"],
    [299, "Delivered"],
    [300, "Retry"],
    [301, "Retry"],
    [304, "Retry"],
    [308, "Retry"],
    [400, "Retry"],
    [401, "Retry"],
    [404, "Retry"],
    [409, "Retry"],
    [410, "Gone"],
    [411, "Retry"],
    [422, "Retry"],
    [429, "Retry"],
    [500, "Retry"],
    [503, "Retry"],
    [599, "Retry"]
  ])("takes %i for %s", (status, tag) => {
    const outcome = answered(status)
    assert.strictEqual(Judgement.judge(outcome, now)._tag, tag)
    assert.deepStrictEqual(
      Judgement.problem(outcome),
      tag === "Delivered" ? Option.none() : Option.some(`HTTP ${status}`)
    )
  })

  it.each<[Judgement.FailureReason, Judgement.Verdict]>([
    ["timeout", retry],
    ["connection", retry],
    ["dns", retry],
    ["tls", retry],
    ["address_refused", retry],
    ["secret_unreadable", retry],
    ["content_missing", { _tag: "Hopeless" }]
  ])("takes a failure by %s for %j", (reason, verdict) => {
    const outcome: Judgement.Outcome = { _tag: "Failed", reason, message: "in words" }
    assert.deepStrictEqual(Judgement.judge(outcome, now), verdict)
    assert.deepStrictEqual(Judgement.problem(outcome), Option.some(`${reason}: in words`))
  })

  it.each<[string, number]>([
    ["0", 0],
    ["120", 120_000],
    ["0120", 120_000],
    ["12345678901", 12_345_678_901_000],
    ["Mon, 21 Sep 2026 14:15:20 GMT", 120_000],
    ["Monday, 21-Sep-26 14:15:20 GMT", 120_000],
    ["Mon, 21 Sep 2026 14:13:20 GMT", 0],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 0]
  ])("hears a callback that asks to be left alone: %s", (text, millis) => {
    assert.strictEqual(wish(text), millis)
    assert.strictEqual(wish(text, 429), millis)
  })

  it.each([
    "",
    " ",
    "-5",
    "+5",
    "1.5",
    "1e3",
    "0x10",
    "120s",
    "120, 240",
    "soon",
    "soon 2099",
    "after 5",
    "Mon, 21 Sep 2099",
    "Mon, 32 Foo 2099 25:61:61 GMT",
    "Infinity",
    "NaN"
  ])("does not take %j for a wish", (text) => {
    assert.isNull(wish(text))
  })

  it("hears it on 429 and 503 only", () => {
    for (const status of [301, 400, 404, 500, 502, 504]) assert.isNull(wish("120", status))
    assert.strictEqual(wish("120", 410), "Gone")
    assert.strictEqual(wish("120", 200), "Delivered")
  })

  it.prop("never asks for less than nothing, whatever the header holds", [FastCheck.string()], ([text]) => {
    const millis = wish(text)
    assert.isTrue(millis === null || (typeof millis === "number" && millis >= 0))
  })
})
