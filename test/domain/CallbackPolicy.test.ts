import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Option, Schema } from "effect"
import * as CallbackAddress from "../../src/domain/CallbackAddress.ts"

const decode = Schema.decodeEither(CallbackAddress.Policy)
const policy = Schema.decodeSync(CallbackAddress.Policy)

const reaches = (policy: CallbackAddress.Policy, address: string) =>
  Option.isNone(CallbackAddress.refusal(policy, address))

const address = (bits: number) => [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join(".")

describe("a policy of ranges", () => {
  it("opens what it names, the forbidden tier too, and nothing beside it", () => {
    const written = policy("127.0.0.1/32, 10.1.0.0/16 ,169.254.169.254/32,fd00::/64,::1/128")
    for (const inside of ["127.0.0.1", "10.1.0.0", "10.1.255.255", "169.254.169.254", "fd00::1", "::1", "8.8.8.8"]) {
      assert.isTrue(reaches(written, inside), inside)
    }
    for (const outside of ["127.0.0.2", "10.0.255.255", "10.2.0.0", "169.254.169.253", "fd00:0:0:1::1", "fe80::1"]) {
      assert.isFalse(reaches(written, outside), outside)
    }
  })

  it("opens an IPv4 address in IPv6's clothes with its range, and by the range of the clothes", () => {
    assert.isTrue(reaches(policy("10.0.0.0/8"), "::ffff:10.0.0.1"))
    assert.isTrue(reaches(policy("10.0.0.0/8"), "64:ff9b::a00:1"))
    assert.isTrue(reaches(policy("64:ff9b::/96"), "64:ff9b::a00:1"))
    assert.isFalse(reaches(policy("64:ff9b::/96"), "10.0.0.1"))
    assert.isFalse(reaches(policy("::/96"), "::ffff:10.0.0.1"))
  })

  it("does not take the retired ::10.0.0.0/104 for 10.0.0.0/8", () => {
    assert.isTrue(reaches(policy("::10.0.0.0/104"), "::10.1.2.3"))
    assert.isFalse(reaches(policy("::10.0.0.0/104"), "10.1.2.3"))
    assert.isFalse(reaches(policy("10.0.0.0/8"), "::10.1.2.3"))
  })

  it("opens a metadata address only when a range covers it", () => {
    assert.isTrue(reaches(policy("100.100.100.200/32"), "100.100.100.200"))
    assert.isTrue(reaches(policy("fd00:ec2::/32"), "fd00:ec2::254"))
    assert.isFalse(reaches(policy("fd00:ec2::/128"), "fd00:ec2::254"))
  })

  it.prop(
    "covers exactly the addresses that share its leading bits",
    {
      base: FastCheck.integer({ min: 0, max: 0xffffff }).map((_) => 0x0a000000 + _),
      bits: FastCheck.integer({ min: 8, max: 32 }),
      flipped: FastCheck.integer({ min: 8, max: 31 })
    },
    ({ base, bits, flipped }) => {
      const written = policy(`${address(base)}/${bits}`)
      assert.isTrue(reaches(written, address(base)))
      assert.strictEqual(reaches(written, address(base ^ (1 << (31 - flipped)))), flipped >= bits)
    }
  )

  it("with loopback opens this very machine besides, and no more", () => {
    for (const text of ["false", "10.1.0.0/16"]) {
      const opened = CallbackAddress.withLoopback(policy(text))
      for (const inside of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) assert.isTrue(reaches(opened, inside))
      for (const outside of ["0.0.0.0", "::", "10.2.0.1", "169.254.169.254", "192.168.0.1"]) {
        assert.isFalse(reaches(opened, outside), outside)
      }
      assert.strictEqual(reaches(opened, "10.1.0.1"), text !== "false")
    }
    assert.isTrue(reaches(CallbackAddress.withLoopback(policy("true")), "192.168.0.1"))
  })

  it.each([
    "",
    " ",
    ",",
    "yes",
    "TRUE",
    "true,10.0.0.0/8",
    "10.0.0.0",
    "::1",
    "10/8",
    "172.16/12",
    "192.168/16",
    "010.0.0.0/8",
    "0x0a.0.0.0/8",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/8.5",
    "10.0.0.0/",
    "/8",
    "10.0.0.0/255.0.0.0",
    "10.0.0.256/8",
    "::/129",
    "localhost/8",
    "10.0.0.0/8;127.0.0.0/8",
    "10.0.0.0/8 127.0.0.0/8",
    "10.0.0.0/8,nonsense"
  ])("is refused when it is misspelt: %j", (text) => {
    const error = Either.match(decode(text), { onLeft: String, onRight: () => assert.fail("it was taken") })
    assert.include(error, "Expected true, false, or CIDRs with commas between them")
  })

  it.each(["true", "false", "10.0.0.0/8", "10.0.0.0/8,127.0.0.1/32,fd00::/8"])(
    "is written as it was read: %s",
    (text) => {
      assert.strictEqual(Schema.encodeSync(CallbackAddress.Policy)(policy(text)), text)
    }
  )
})
