import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option, Schema } from "effect"
import * as CallbackAddress from "../../src/domain/CallbackAddress.ts"

const policy = Schema.decodeSync(CallbackAddress.Policy)

const reaches = (allowPrivate: string, address: string) =>
  Option.isNone(CallbackAddress.refusal(policy(allowPrivate), address))

const open = [
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "198.17.255.255",
  "198.20.0.0",
  "223.255.255.255",
  "2606:4700::1111",
  "2a00:1450:4001::200e"
]

const privateTier = [
  "10.0.0.0",
  "10.255.255.255",
  "172.16.0.0",
  "172.31.255.255",
  "192.168.0.0",
  "192.168.255.255",
  "100.64.0.0",
  "100.127.255.255",
  "fc00::",
  "fc00::1",
  "fd12:3456:789a::1",
  "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
]

const forbidden = {
  loopback: ["127.0.0.0", "127.0.0.1", "127.1.2.3", "127.255.255.255", "::1"],
  "link-local": ["169.254.0.0", "169.254.1.1", "169.254.255.255", "fe80::1", "fe80::1%eth0", "febf::1"],
  metadata: ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254"],
  unspecified: ["0.0.0.0", "0.0.0.1", "0.255.255.255", "::"],
  multicast: ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
  "reserved or broadcast": ["240.0.0.1", "255.255.255.254", "255.255.255.255", "192.0.0.1", "192.0.0.192"],
  documentation: ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"],
  benchmarking: ["198.18.0.1", "198.19.255.255", "2001:2::1"],
  "what is not handed out in IPv6": ["100::1", "1::1", "4000::1", "5f00::1", "fec0::1", "2001:0:1::1"],
  "retired tunnels": ["192.88.99.1", "2001::1"]
}

/** Every way in which IPv6 can carry an IPv4 address to its host. */
const disguises = (address: string) => {
  const [a = 0, b = 0, c = 0, d = 0] = address.split(".").map(Number)
  const hex = (high: number, low: number) => (high * 256 + low).toString(16)
  return {
    mapped: `::ffff:${address}`,
    "mapped, in hexadecimal": `::ffff:${hex(a, b)}:${hex(c, d)}`,
    "mapped, written out": `0:0:0:0:0:FFFF:${hex(a, b)}:${hex(c, d)}`,
    translated: `::ffff:0:${hex(a, b)}:${hex(c, d)}`,
    NAT64: `64:ff9b::${hex(a, b)}:${hex(c, d)}`,
    "6to4": `2002:${hex(a, b)}:${hex(c, d)}::1`
  }
}

const octet = FastCheck.integer({ min: 0, max: 255 })
const ipv4 = FastCheck.tuple(octet, octet, octet, octet).map((octets) => octets.join("."))

describe("an address of a callback", () => {
  it.each(open)("on the public internet is reached under any policy: %s", (address) => {
    for (const allowed of ["false", "true", "10.0.0.0/8"]) assert.isTrue(reaches(allowed, address), allowed)
  })

  it.each(privateTier)("of the private tier is reached only when that is allowed: %s", (address) => {
    assert.isFalse(reaches("false", address))
    assert.isTrue(reaches("true", address))
    assert.isFalse(reaches("192.0.2.0/24,2001:db8::/32", address))
  })

  it.each(
    Object.entries(forbidden).flatMap(([kind, addresses]) => addresses.map((address) => [kind, address] as const))
  )(
    "of the forbidden tier is not opened by allowing the private one: %s, %s",
    (_, address) => {
      assert.isFalse(reaches("false", address))
      assert.isFalse(reaches("true", address))
      assert.isFalse(reaches("10.0.0.0/8", address))
    }
  )

  it.each([
    "::127.0.0.1",
    "::10.0.0.1",
    "::8.8.8.8",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::808:808",
    "2001:0:7f00:1::1"
  ])("in a disguise that nobody needs is refused: %s", (address) => {
    assert.isFalse(reaches("true", address))
  })

  it.each(["2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.1", "0", "017700000001", "[::1]", "::FFFF:7F00:1"])(
    "is no less loopback for being written otherwise: %s",
    (address) => assert.isFalse(reaches("true", address))
  )

  it.prop("in IPv6's clothes is judged like itself", [ipv4], ([address]) => {
    for (const allowed of ["false", "true", "169.254.0.0/16,127.0.0.1/32"]) {
      for (const [kind, disguised] of Object.entries(disguises(address))) {
        assert.strictEqual(reaches(allowed, disguised), reaches(allowed, address), `${kind}: ${disguised}, ${allowed}`)
      }
    }
  }, { fastCheck: { numRuns: 1_000, examples: [["127.0.0.1"], ["169.254.169.254"], ["10.1.2.3"], ["8.8.8.8"]] } })

  it.each([
    "",
    " ",
    "localhost",
    "example.com",
    "1.2.3.4.5",
    "256.1.1.1",
    "::g",
    "1.1.1.1/32",
    "1.1.1.1 ",
    "1.1.1.1\n"
  ])(
    "must be an address: %j",
    (text) => assert.isFalse(reaches("0.0.0.0/0,::/0", text))
  )

  it("is refused with a reason that names it and the setting", () => {
    for (const address of ["10.0.0.1", "127.0.0.1", "169.254.169.254", "fd00:ec2::254"]) {
      const reason = Option.getOrElse(CallbackAddress.refusal(policy("false"), address), () => "")
      assert.include(reason, address)
      assert.include(reason, "CALLBACK_ALLOW_PRIVATE")
    }
  })
})
