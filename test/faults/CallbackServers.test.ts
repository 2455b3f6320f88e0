import { assert, describe, it, vi } from "@effect/vitest"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { type AddressInfo, createServer, type Socket } from "node:net"
import * as CallbackServers from "./CallbackServers.ts"
import * as Peers from "./Peers.ts"

const headers = {
  "content-type": "application/json",
  "x-id": "w-1",
  "sluice-event-id": "e",
  "sluice-delivery-id": "d",
  "sluice-attempt": "2",
  "sluice-integration": "orders"
}

describe("the callbacks' servers", () => {
  it("write down what came, what it met and what it was answered, and keep some of it whole", async () => {
    const servers = await CallbackServers.listen("1")
    const post = async () => {
      const response = await fetch(`http://127.0.0.1:${servers.ports["ledger"]}/`, {
        method: "POST",
        headers,
        body: "{}"
      })
      await response.text()
    }
    servers.behave("ledger", "busy")
    await post()
    servers.behave("ledger", "healthy")
    await Promise.all(Array.from({ length: 20 }, post))
    const [first, second, ...others] = servers.calls()
    assert.deepInclude(first, {
      destination: "ledger",
      eventId: "e",
      deliveryId: "d",
      attempt: 2,
      got: { contentType: "application/json", id: "w-1", integration: "orders" },
      character: "busy",
      status: 503,
      worker: null
    })
    assert.isNotNull(first?.completeAt)
    assert.deepInclude(second, { character: "healthy", status: 200 })
    assert.strictEqual(first?.sample?.body, Buffer.from("{}").toString("base64"))
    assert.strictEqual(first?.sample?.headers["x-id"], "w-1")
    assert.deepStrictEqual(others.map(({ sample }) => sample === null), others.map((_, index) => index === 18))
  })
})

describe("the peers", () => {
  it("are told together some time after they have come", () => {
    vi.useFakeTimers()
    const asked: Array<ReadonlyArray<string>> = []
    const peers = Peers.make((keys) => {
      asked.push([...keys])
      return new Map([["1>9", "worker-1"], ["3>9", "worker-2"]])
    })
    const [one, two] = [peers.of({ from: 1, to: 9 }), peers.of({ from: 2, to: 9 })]
    assert.isNull(one.worker)
    vi.advanceTimersByTime(500)
    const three = peers.of({ from: 3, to: 9 })
    vi.advanceTimersByTime(500)
    assert.deepStrictEqual([one, two, three].map((_) => _.worker), ["worker-1", null, "worker-2"])
    assert.deepStrictEqual(asked, [["1>9", "2>9"], ["3>9"]])
    vi.useRealTimers()
  })

  it.skipIf(process.platform !== "linux")("are known by the processes that hold the connections", async () => {
    const server = createServer()
    await once(server.listen(0, "127.0.0.1"), "listening")
    const to = (server.address() as AddressInfo).port
    const connected = once(server, "connection")
    const child: ChildProcess = spawn(
      process.execPath,
      ["-e", `require("node:net").connect(${to}, "127.0.0.1").on("close", () => process.exit())`],
      { env: { SLUICE_TEST_CLOCK: "/somewhere/worker-2.clock" } }
    )
    const [socket]: Array<Socket> = await connected
    const known = Peers.key({ from: socket?.remotePort ?? 0, to })
    assert.deepStrictEqual([...Peers.find(new Set([known, "1>1"]))], [[known, "worker-2"]])
    const ended = once(child, "exit")
    socket?.destroy()
    server.close()
    await ended
  })
})
