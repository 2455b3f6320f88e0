import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import { DeliveryId, DestinationId, MarkerId, ReplayId } from "../../src/domain/Ids.ts"
import * as QueueMessage from "../../src/domain/QueueMessage.ts"

const decode = QueueMessage.decoder(QueueMessage.ProcessMessage)
const decodeReplay = QueueMessage.decoder(QueueMessage.ReplayMessage)

const id = "0193a7a0-0000-7000-8000-000000000001"
const delivery = { v: 1, deliveryId: DeliveryId.make(id), generation: 2, attempt: 3 } as const

const count = FastCheck.integer({ min: 0, max: 2_147_483_647 })
const messages: FastCheck.Arbitrary<QueueMessage.ProcessMessage> = FastCheck.oneof(
  FastCheck.record({
    v: FastCheck.constant(1 as const),
    deliveryId: FastCheck.uuid().map((_) => DeliveryId.make(_)),
    generation: count,
    attempt: count,
    destinationId: FastCheck.uuid().map((_) => DestinationId.make(_))
  }, { requiredKeys: ["v", "deliveryId", "generation", "attempt"] }),
  FastCheck.record({ v: FastCheck.constant(1 as const), markerId: FastCheck.uuid().map((_) => MarkerId.make(_)) })
)

const reason = (text: string) => Either.match(decode(text), { onLeft: (reason) => reason, onRight: () => "accepted" })

describe("a queue message", () => {
  it.prop("comes back as it went", [messages], ([message]) => {
    assert.deepStrictEqual(decode(QueueMessage.encode(message)), Either.right(message))
  })

  it("has the form that every revision knows", () => {
    assert.deepStrictEqual(JSON.parse(QueueMessage.encode(delivery)), {
      v: 1,
      deliveryId: id,
      generation: 2,
      attempt: 3
    })
    const replay = { v: 1, replayId: ReplayId.make(id) } as const
    assert.deepStrictEqual(decodeReplay(QueueMessage.encode(replay)), Either.right(replay))
  })

  it("may hold fields that a later revision added", () => {
    const text = JSON.stringify({ ...delivery, priority: 9, trace: { id: "x" } })
    assert.deepStrictEqual(decode(text), Either.right(delivery))
  })

  it.each<[string, string]>([
    ["2", "unknown message version 2; this revision reads version 1"],
    ["0", "unknown message version 0; this revision reads version 1"],
    ["\"1\"", "unknown message version \"1\"; this revision reads version 1"],
    ["null", "unknown message version null; this revision reads version 1"],
    ["[1]", "unknown message version [1]; this revision reads version 1"]
  ])("of version %s is refused with the version as the reason, whatever else it holds", (version, expected) => {
    assert.strictEqual(reason(`{"v":${version},"deliveryId":"${id}","generation":1,"attempt":1}`), expected)
    assert.strictEqual(reason(`{"v":${version}}`), expected)
  })

  it.each([
    "",
    " ",
    "not JSON",
    "{\"v\":1",
    "\u0000",
    "null",
    "1",
    "\"text\"",
    "[]",
    "{}",
    "{\"v\":1}",
    `{"deliveryId":"${id}","generation":1,"attempt":1}`,
    "{\"v\":1,\"deliveryId\":\"one\",\"generation\":1,\"attempt\":1}",
    `{"v":1,"deliveryId":"${id}","generation":"1","attempt":1}`,
    `{"v":1,"deliveryId":"${id}","generation":1.5,"attempt":1}`,
    `{"v":1,"deliveryId":"${id}","generation":-1,"attempt":1}`,
    `{"v":1,"deliveryId":"${id}","generation":1,"attempt":2147483648}`,
    `{"v":1,"deliveryId":"${id}","generation":1}`,
    `{"v":1,"replayId":"${id}"}`
  ])("of garbage is refused as malformed: %j", (text) => {
    assert.match(reason(text), /^malformed message: /)
  })

  it.each(["[", "{\"v\":", "{\"v\":1,\"deliveryId\":[", "{\"v\":[", "{\"v\":1,\"markerId\":["])(
    "of endless depth is refused: %s",
    (opening) => {
      for (const depth of [500, 2_000, 100_000]) {
        const closing = opening === "[" ? "]" : "}"
        const text = opening === "[" || opening === "{\"v\":"
          ? `${opening.repeat(depth)}1${closing.repeat(depth)}`
          : `${opening}${"[".repeat(depth)}${"]".repeat(depth)}]}`
        assert.notStrictEqual(reason(text), "accepted")
        // It becomes a message header, and all headers together may have 64 KiB.
        assert.isAtMost(reason(text).length, 32_768)
      }
    }
  )

  it.prop("never throws, whatever the text", [FastCheck.oneof(FastCheck.string(), FastCheck.json())], ([text]) => {
    assert.notStrictEqual(reason(text), "accepted")
  })
})
