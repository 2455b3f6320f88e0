import { assert, it } from "@effect/vitest"
import type { LookupAddress } from "node:dns"
import * as Lookup from "../../../src/layers/callbacks/Lookup.ts"

const address: LookupAddress = { address: "192.0.2.1", family: 4 }

it("a name is asked for once, however many wait for it, and anew once it was answered", () => {
  const asked: Array<{ readonly hostname: string; readonly answer: Lookup.Answer }> = []
  const lookup = Lookup.oneAtATime((hostname, _, answer) => void asked.push({ hostname, answer }))
  const told: Array<string> = []
  const tell = (name: string): Lookup.Answer => (error, addresses) =>
    void told.push(`${name}: ${error === null ? addresses.map((_) => _.address).join() : error.message}`)

  lookup("slow.example", {}, tell("first"))
  lookup("slow.example", {}, tell("second"))
  lookup("other.example", {}, tell("other"))
  lookup("slow.example", { family: 6 }, tell("by IPv6"))
  assert.deepStrictEqual(asked.map((_) => _.hostname), ["slow.example", "other.example", "slow.example"])
  asked[1]?.answer(null, [address])
  asked[0]?.answer(new Error("nobody answers"), [])
  assert.deepStrictEqual(told, ["other: 192.0.2.1", "first: nobody answers", "second: nobody answers"])

  lookup("slow.example", {}, tell("third"))
  assert.strictEqual(asked.length, 4)
})
