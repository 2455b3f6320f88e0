import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Schema } from "effect"
import * as CallbackAddress from "../../src/domain/CallbackAddress.ts"
import * as Addresses from "./Addresses.ts"
import * as SpecialPurpose from "./SpecialPurpose.ts"

const policy = Schema.decodeSync(CallbackAddress.Policy)

const reaches = (allowPrivate: string, address: string) =>
  Option.isNone(CallbackAddress.refusal(policy(allowPrivate), address))

const blocks = [...SpecialPurpose.ipv4, ...SpecialPurpose.ipv6]

/** As the tables say, under no policy, and with the private tier opened. */
const isJudged = (address: Addresses.Address, note = "") => {
  const [text, tier] = [Addresses.format(address), Addresses.tierOf(address)]
  assert.strictEqual(reaches("false", text), tier === "public", `${text} under false ${note}`)
  assert.strictEqual(reaches("true", text), tier !== "forbidden", `${text} under true ${note}`)
}

const moved = ({ bits, value }: Addresses.Address, by: bigint): Addresses.Address => ({
  bits,
  value: (value + by) & ((1n << BigInt(bits)) - 1n)
})

/** The first and the last of a block, their neighbours inside and outside, and one in the middle. */
const samples = ({ first, last }: Addresses.Block) => [
  first,
  moved(first, 1n),
  moved(last, -1n),
  last,
  moved(first, (last.value - first.value) / 3n),
  moved(first, -1n),
  moved(last, 1n)
]

const within = (text: string) => {
  const { first, last } = Addresses.block(text)
  return FastCheck.bigInt({ min: first.value, max: last.value }).map((value) => ({ bits: first.bits, value }))
}

describe("a callback's address", () => {
  it.each(blocks)("is judged by IANA's registries, within and around %s (%s, %s)", (text) => {
    for (const address of samples(Addresses.block(text))) isJudged(address, `by ${text}`)
  })

  it.each(SpecialPurpose.metadata)("is refused where a cloud tells credentials: %s (%s)", (text) => {
    for (const address of samples(Addresses.block(text))) isJudged(address, `by ${text}`)
  })

  it.each([...blocks, ...SpecialPurpose.metadata].map(([text]) => text))(
    "is opened by a range that is written out, to its ends: %s",
    (text) => {
      const { first, last } = Addresses.block(text)
      const inside = [first, moved(first, (last.value - first.value) / 3n), last]
      for (const address of inside) assert.isTrue(reaches(text, Addresses.format(address)), Addresses.format(address))
      for (const address of [moved(first, -1n), moved(last, 1n)]) {
        const outside = Addresses.format(address)
        assert.strictEqual(reaches(text, outside), Addresses.tierOf(address) === "public", outside)
      }
    }
  )

  it.prop("of IPv4 is judged by the tables", [within("0.0.0.0/0")], ([address]) => isJudged(address), {
    fastCheck: { numRuns: 5_000 }
  })

  it.prop(
    "of IPv6 is judged by the tables",
    [FastCheck.oneof(within("::/0"), ...SpecialPurpose.ipv6.map(([text]) => within(text)))],
    ([address]) => isJudged(address),
    { fastCheck: { numRuns: 5_000 } }
  )

  it.prop(
    "that may lead to an IPv4 address by ISATAP must be good in both halves",
    [within("0.0.0.0/0"), FastCheck.constantFrom("2a00:1450:4001:800", "fd12:3456:789a:1", "fe80:0:0:0")],
    ([carried, network]) => {
      const outer = Addresses.tierOf(Addresses.parse(`${network}:0:0:0:1`))
      const tiers = [outer, Addresses.tierOf(carried)]
      for (const marker of ["0:5efe", "200:5efe"]) {
        const text = `${network}:${marker}:${(carried.value >> 16n).toString(16)}:${
          (carried.value & 0xffffn).toString(16)
        }`
        assert.strictEqual(reaches("false", text), tiers.every((_) => _ === "public"), text)
        assert.strictEqual(reaches("true", text), !tiers.includes("forbidden"), text)
      }
    },
    { fastCheck: { numRuns: 1_000 } }
  )
})
