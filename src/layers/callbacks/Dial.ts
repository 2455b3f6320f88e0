import { Array, Effect, Either, Option } from "effect"
import { lookup, type LookupAddress } from "node:dns"
import { isIP, type LookupFunction } from "node:net"
import * as CallbackAddress from "../../domain/CallbackAddress.ts"
import * as Lookup from "./Lookup.ts"

const shared = Lookup.oneAtATime(lookup)

/**
 * Every address of a name, as the system knows it. Names below localhost are this machine (RFC 6761), whatever a name server
 * says of them.
 */
export const system: Lookup.Lookup = (hostname, options, answer) =>
  shared(/(?:^|\.)localhost\.?$/i.test(hostname) ? "localhost" : hostname, options, answer)

/** A name that leads only to addresses that callbacks may not reach. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused"
}

/**
 * Resolves names for dialling and lets through only addresses that the policy allows. What is returned is what is
 * dialled, so a name cannot point elsewhere between the check and the connection.
 */
export const lookupWithin =
  (policy: CallbackAddress.Policy, names: Lookup.Lookup): LookupFunction => (hostname, options, callback) => {
    names(hostname, options, (error, addresses) => {
      if (error !== null) return callback(error, [])
      const { allowed, refused } = sort(policy, addresses)
      const [first] = allowed
      if (first === undefined) return callback(new AddressRefused(refused[0] ?? `${hostname} has no address`), [])
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family)
    })
  }

/** Why a URL cannot be a callback, in words for a person. A name that cannot be resolved now is no reason. */
export const refusal = (
  policy: CallbackAddress.Policy,
  names: Lookup.Lookup,
  text: string
): Effect.Effect<Option.Option<string>> => {
  if (!URL.canParse(text)) return some("is not a URL; expected one such as https://app.example/hooks")
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return some("begins with neither https:// nor http://")
  if (url.username !== "" || url.password !== "") {
    return some("holds credentials; the signature proves the sender instead")
  }
  const literal = literalAddress(url)
  if (Option.isSome(literal)) return Effect.succeed(CallbackAddress.refusal(policy, literal.value))
  return Effect.map(resolve(names, url.hostname), (addresses) => {
    const { allowed, refused } = sort(policy, addresses)
    return allowed.length > 0 ? Option.none() : Array.head(refused)
  })
}

/** The address that a URL spells out. URL parsing has already undone its decimal, octal and hexadecimal disguises. */
export const literalAddress = ({ hostname }: URL): Option.Option<string> => {
  const bare = hostname.replace(/^\[|\]$/g, "")
  return isIP(bare) === 0 ? Option.none() : Option.some(bare)
}

const some = (reason: string) => Effect.succeedSome(reason)

const sort = (policy: CallbackAddress.Policy, addresses: ReadonlyArray<LookupAddress>) => {
  const [allowed, refused] = Array.partitionMap(
    addresses,
    (address) =>
      Option.match(CallbackAddress.refusal(policy, address.address), {
        onNone: () => Either.left(address),
        onSome: (reason) => Either.right(reason)
      })
  )
  return { allowed, refused }
}

const patience = "3 seconds"

/** No address where the name leads nowhere, or does not answer in time. */
const resolve = (names: Lookup.Lookup, hostname: string): Effect.Effect<ReadonlyArray<LookupAddress>> =>
  Effect.async<ReadonlyArray<LookupAddress>>((resume) =>
    names(hostname, {}, (error, addresses) => resume(Effect.succeed(error === null ? addresses : [])))
  ).pipe(Effect.timeoutTo({ duration: patience, onSuccess: (_) => _, onTimeout: () => [] }))
