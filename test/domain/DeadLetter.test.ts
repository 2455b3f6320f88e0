import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import { type Death, type DeathCause, DeathCause as Causes, home, view } from "../../src/domain/DeadLetter.ts"
import * as Queues from "../../src/domain/Queues.ts"

const queues = Queues.make({ process: "process", retry: "retry", replay: "replay", deadLetter: "dead" }, [100, 200])

const letter = (content: string, death: Partial<Death> = {}) => ({
  content,
  bytes: Buffer.byteLength(content),
  death: {
    cause: "refused" as DeathCause,
    said: Option.none(),
    queue: Option.none(),
    at: Option.none(),
    times: 1,
    ...death
  }
})

const id = "019ab1f0-0000-7000-8000-000000000000"

describe("a dead letter", () => {
  it.each(["process", "retry", "replay"])("goes home to the queue %s where it died, whatever it holds", (queue) => {
    for (const content of ["garbage", "{\"v\":9}", `{"v":1,"replayId":"${id}"}`]) {
      assert.deepStrictEqual(home(queues, letter(content, { queue: Option.some(queue) })), Option.some(queue))
    }
  })

  it.each<[string, string | null]>([
    [`{"v":2,"deliveryId":"${id}"}`, "retry"],
    [`{"v":1,"markerId":"${id}"}`, "retry"],
    [`{"v":1,"replayId":"${id}"}`, "replay"],
    ["{\"v\":1}", null],
    ["[]", null],
    ["null", null],
    ["garbage", null],
    [`{"deliveryId":"${"x".repeat(5_000)}"}`, null]
  ])("of which nobody knows where it died goes where what it asks for belongs: %s", (content, queue) => {
    for (const known of [Option.none(), Option.some("queue.of.old"), Option.some("dead"), Option.some("retry.100")]) {
      assert.deepStrictEqual(Option.getOrNull(home(queues, letter(content, { queue: known }))), queue)
    }
  })

  it("is shown as JSON where it is that, and as text", () => {
    const content = "{\"v\":2,\"deliveryId\":\"x\"}"
    const at = DateTime.unsafeMake("2026-01-02T03:04:05Z")
    const death = { said: Option.some("unknown message version 2"), queue: Option.some("process"), at: Option.some(at) }
    assert.deepStrictEqual(view(queues, letter(content, { ...death, times: 3 })), {
      message: { v: 2, deliveryId: "x" },
      content,
      bytes: content.length,
      cause: "refused",
      reason: "unknown message version 2",
      queue: "process",
      diedAt: at,
      deaths: 3,
      requeuesTo: "process"
    })
    assert.deepInclude(view(queues, letter("no JSON")), { message: null, content: "no JSON", requeuesTo: null })
    assert.strictEqual(view(queues, letter("x".repeat(9_000))).content.length, 4_096)
  })

  it("says why it died, whatever the cause", () => {
    const reasons = Causes.literals.map((cause) => view(queues, letter("{}", { cause })).reason)
    assert.strictEqual(new Set(reasons).size, Causes.literals.length)
    for (const reason of reasons) assert.isAbove(reason.length, 20)
  })
})
