import { Array, Either, Option, ParseResult, Predicate, Schema } from "effect"
import ipaddr from "ipaddr.js"

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Cidr = readonly [Address, number]

/**
 * What callbacks may reach beyond the public internet: the whole private tier, and ranges that are written out. A range
 * covers exactly what it names, the forbidden tier included.
 */
export interface Policy {
  readonly privateTier: boolean
  readonly ranges: ReadonlyArray<Cidr>
}

const loopback: ReadonlyArray<Cidr> = [ipaddr.parseCIDR("127.0.0.0/8"), ipaddr.parseCIDR("::1/128")]

/** The same policy with this very machine opened, as embedded mode needs it. */
export const withLoopback = ({ privateTier, ranges }: Policy): Policy => ({
  privateTier,
  ranges: [...ranges, ...loopback]
})

/** Written `true`, `false`, or as a list of CIDRs. */
export const Policy = Schema.transformOrFail(
  Schema.String,
  Schema.declare((value): value is Policy => Predicate.hasProperty(value, "privateTier")),
  {
    strict: true,
    decode: (text, _, ast) => {
      if (text === "true" || text === "false") return ParseResult.succeed({ privateTier: text === "true", ranges: [] })
      const [bad, ranges] = Array.partitionMap(text.split(",").map((_) => _.trim()).filter((_) => _ !== ""), parseCidr)
      return Array.isNonEmptyArray(bad) || ranges.length === 0
        ? ParseResult.fail(
          new ParseResult.Type(
            ast,
            text,
            "Expected true, false, or CIDRs with commas between them, such as 10.0.0.0/8,127.0.0.1/32"
          )
        )
        : ParseResult.succeed({ privateTier: false, ranges })
    },
    encode: ({ privateTier, ranges }) =>
      ParseResult.succeed(
        ranges.length === 0
          ? String(privateTier)
          : ranges.map(([address, bits]) => `${address.toString()}/${bits}`).join(",")
      )
  }
)

// The library would read 10/8 as 0.0.0.10/8, and 010.0.0.0/8 as 8.0.0.0/8.
const parseCidr = (text: string): Either.Either<Cidr, string> =>
  ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)
    ? Either.right(ipaddr.parseCIDR(writtenOut(text)))
    : Either.left(text)

// The library would read the retired ::1.2.3.4 as ::ffff:1.2.3.4.
const writtenOut = (text: string): string => text.replace(/^::(?=\d+\.)/, "0:0:0:0:0:0:")

/** Why the policy keeps callbacks from an address, and what would open it; none when it may be dialled. */
export const refusal = (policy: Policy, text: string): Option.Option<string> => {
  if (!ipaddr.isValid(text)) return Option.some(`${text} is not an IP address`)
  const address = ipaddr.parse(writtenOut(text))
  if (isNamed(policy, address)) return Option.none()
  return Option.firstSomeOf(
    faces(address).map((face) => isNamed(policy, face) ? Option.none() : closed(policy, face, text))
  )
}

const isNamed = ({ ranges }: Policy, address: Address): boolean => ranges.some((range) => within(address, range))

const closed = ({ privateTier }: Policy, face: Address, text: string): Option.Option<string> => {
  if (metadata.some((range) => within(face, range))) {
    return Option.some(`${text} is a cloud's metadata address, which only a CIDR in CALLBACK_ALLOW_PRIVATE opens`)
  }
  const range = face.range()
  if (privateRanges.has(range)) {
    return privateTier
      ? Option.none()
      : Option.some(`${text} is a private address, which CALLBACK_ALLOW_PRIVATE opens with true or a CIDR`)
  }
  if (range !== "unicast") {
    return Option.some(`${text} is a ${wordsFor(range)} address, which only a CIDR in CALLBACK_ALLOW_PRIVATE opens`)
  }
  // In IPv6 only 2000::/3 is handed out; what the library calls unicast elsewhere is nobody's.
  return face.kind() === "ipv4" || within(face, globalUnicast)
    ? Option.none()
    : Option.some(`${text} is not an address of the internet; only a CIDR in CALLBACK_ALLOW_PRIVATE opens it`)
}

// Clouds answer with credentials here too, beside link-local 169.254.169.254: AWS, Google, Scaleway, Alibaba, Azure.
const metadata: ReadonlyArray<Cidr> = [
  "fd00:ec2::/32",
  "fd20:ce::254/128",
  "fd00:42::42/128",
  "100.100.100.200/32",
  "168.63.129.16/32"
].map((_) => ipaddr.parseCIDR(_))

const privateRanges: ReadonlySet<string> = new Set(["private", "carrierGradeNat", "uniqueLocal"])

const globalUnicast: Cidr = ipaddr.parseCIDR("2000::/3")

// Such as link-local for linkLocal.
const wordsFor = (range: string): string => range.replace(/[A-Z]/g, (_) => `-${_.toLowerCase()}`)

const within = (address: Address, [range, bits]: Cidr): boolean =>
  address.kind() === range.kind() && address.match(range, bits)

// Mapped (RFC 4291), translated (RFC 6145), NAT64 (RFC 6052).
const endsInIpv4: ReadonlyArray<Cidr> = ["::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"].map((_) =>
  ipaddr.parseCIDR(_)
)

// RFC 5214: within any network, an IPv4 address behind 0:5efe or 200:5efe.
const isIsatap = (bytes: ReadonlyArray<number>): boolean =>
  (bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe

/**
 * What an address must be judged as, each: the IPv4 address that an IPv6 address stands for (mapped, NAT64, 6to4), an
 * IPv6 address with the IPv4 address that it may lead to (ISATAP), or just itself.
 */
const faces = (address: Address): ReadonlyArray<Address> => {
  if (address instanceof ipaddr.IPv4) return [address]
  const bytes = address.toByteArray()
  const last = new ipaddr.IPv4(bytes.slice(12))
  if (endsInIpv4.some((range) => within(address, range))) return [last]
  if (address.range() === "6to4") return [new ipaddr.IPv4(bytes.slice(2, 6))]
  return isIsatap(bytes) ? [address, last] : [address]
}
