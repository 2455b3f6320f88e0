import * as SpecialPurpose from "./SpecialPurpose.ts"

/** An address as a number of 32 or 128 bits. Counted here by itself, so that no library is its own judge. */
export interface Address {
  readonly bits: 32 | 128
  readonly value: bigint
}

export interface Block {
  readonly text: string
  readonly first: Address
  readonly last: Address
}

const mask = (bits: number): bigint => (1n << BigInt(bits)) - 1n

const groups = (text: string): ReadonlyArray<string> => text === "" ? [] : text.split(":")

export const parse = (text: string): Address => {
  if (!text.includes(":")) {
    return { bits: 32, value: text.split(".").reduce((value, octet) => value * 256n + BigInt(octet), 0n) }
  }
  const [head = "", tail] = text.split("::")
  const [left, right] = [groups(head), groups(tail ?? "")]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => "0")
  const value = [...left, ...zeros, ...right].reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n)
  return { bits: 128, value }
}

export const format = ({ bits, value }: Address): string => {
  const width = bits === 32 ? 8n : 16n
  const parts = Array.from(
    { length: bits / Number(width) },
    (_, index) => (value >> (BigInt(bits) - width * BigInt(index + 1))) & mask(Number(width))
  )
  return bits === 32 ? parts.join(".") : parts.map((_) => _.toString(16)).join(":")
}

export const block = (text: string): Block => {
  const [base = "", prefix = ""] = text.split("/")
  const first = parse(base)
  const last = { bits: first.bits, value: first.value | mask(first.bits - Number(prefix)) }
  return { text, first, last }
}

export const within = ({ first, last }: Block, { bits, value }: Address): boolean =>
  bits === first.bits && first.value <= value && value <= last.value

const rows = [...SpecialPurpose.ipv4, ...SpecialPurpose.ipv6].map(([text, , , tier]) => ({ block: block(text), tier }))
const metadata = SpecialPurpose.metadata.map(([text]) => block(text))
const internet = [block("0.0.0.0/0"), block("2000::/3")]
const sixToFour = block("2002::/16")

/** How callbacks must take an address, by the tables alone. */
export const tierOf = (address: Address): Exclude<SpecialPurpose.Tier, "carrier"> => {
  const tiers = new Set(rows.filter(({ block }) => within(block, address)).map(({ tier }) => tier))
  if (tiers.has("carrier")) {
    const value = within(sixToFour, address) ? address.value >> 80n : address.value
    return tierOf({ bits: 32, value: value & mask(32) })
  }
  if (tiers.has("forbidden") || metadata.some((_) => within(_, address))) return "forbidden"
  if (tiers.has("private")) return "private"
  return internet.some((_) => within(_, address)) ? "public" : "forbidden"
}
