import { assert, describe, it } from "@effect/vitest"
import { Either } from "effect"
import * as Options from "../../src/simulate/Options.ts"
import * as Report from "../../src/simulate/Report.ts"
import type { Outcome } from "../../src/simulate/Simulation.ts"

const announced = (...parameters: ReadonlyArray<string>) =>
  Either.match(Options.read(["--url", "http://localhost:3000/one", ...parameters]), {
    onLeft: ({ message }) => message,
    onRight: Report.announcement
  })

const accepted = (millis: number): Outcome => ({ _tag: "Accepted", millis })
const refused = (status: number, said: string): Outcome => ({ _tag: "Refused", millis: 1, status, said })

describe("what a simulation says", () => {
  it("names the secret that the integration needs where that is a test key or a public key", () => {
    assert.match(announced("--provider", "stripe"), /Sends 1 webhook of stripe .*a test key.*\n {2}whsec_/s)
    const publicKey = announced("--provider", "discord", "--count", "5", "--secret", "01".repeat(32))
    assert.match(publicKey, /Sends 5 webhooks of discord .*must be the public key:\n {2}[0-9a-f]{64}$/s)
    assert.notInclude(publicKey, "01".repeat(32))
    assert.notInclude(publicKey, "a test key")
  })

  it("keeps a secret that it was given to itself", () => {
    assert.notInclude(announced("--provider", "stripe", "--secret", "whsec_of_mine"), "whsec_of_mine")
  })

  it("counts what became of the webhooks, and says what the first of each trouble was told", () => {
    assert.strictEqual(
      Report.summary([
        ...Array.from({ length: 98 }, (_, index) => accepted(index + 1)),
        { _tag: "Duplicate", millis: 99 },
        refused(503, "Send it again."),
        refused(401, "It fits none."),
        refused(401, "It is too old."),
        { _tag: "Unanswered", why: "connect ECONNREFUSED" },
        { _tag: "Unanswered", why: "no answer within 30s" },
        { _tag: "Unanswered", why: "connect ECONNREFUSED" }
      ]),
      [
        "accepted        98",
        "duplicate        1",
        "refused          3",
        "  401            2  It fits none.",
        "  503            1  Send it again.",
        "no answer        3",
        "                 2  connect ECONNREFUSED",
        "                 1  no answer within 30s",
        "latency    p50 48.0 ms, p99 98.0 ms"
      ].join("\n")
    )
  })

  it("knows no latency where nothing was answered", () => {
    assert.match(Report.summary([{ _tag: "Unanswered", why: "nobody" }]), /latency {4}p50 -, p99 -$/)
  })

  it("is good where everything was answered with 2xx", () => {
    assert.strictEqual(Report.exitCode([accepted(1), { _tag: "Duplicate", millis: 1 }]), 0)
    assert.strictEqual(Report.exitCode([accepted(1), refused(401, "")]), 1)
    assert.strictEqual(Report.exitCode([accepted(1), { _tag: "Unanswered", why: "" }]), 1)
  })
})
