import { Option, Redacted } from "effect"
import * as Keys from "./Keys.ts"
import type { Proof, Scheme } from "./Scheme.ts"

/** What a scheme's secrets look like, in words for the one who pastes them; none when it has none. */
export const describe = ({ proofs }: Scheme): Option.Option<string> => {
  const shapes = [...new Set(proofs.flatMap((proof) => proof.kind === "none" ? [] : [shapeOf(proof)]))]
  return shapes.length === 0 ? Option.none() : Option.some(shapes.join(", or "))
}

/** What is wrong with a secret's form under a scheme, in words that do not hold it. */
export const problem = (scheme: Scheme, secret: Redacted.Redacted): Option.Option<string> => {
  const text = Redacted.value(secret)
  if (text.trim() !== text) return Option.some("has white space around it; copy it again without")
  const own = scheme.proofs.filter((proof) =>
    proof.kind !== "none" && Keys.belonging(proof, scheme.proofs, [secret]).length > 0
  )
  if (own.length > 0 && own.every((proof) => fits(proof, secret))) return Option.none()
  return Option.some(
    Option.match(describe(own.length === 0 ? scheme : { ...scheme, proofs: [own[0] ?? scheme.proofs[0], ...own] }), {
      onNone: () => "is not looked at, because the provider proves nothing; leave it out",
      onSome: (shape) => `is not ${shape}; copy it exactly as the provider shows it`
    })
  )
}

const fits = (proof: Proof, secret: Redacted.Redacted): boolean => {
  switch (proof.kind) {
    case "basic":
      return /^[^:]*:[^]+$/.test(Redacted.value(secret))
    case "public-key":
      return Option.isSome(Keys.publicKey(proof, secret))
    default:
      return Keys.isWellFormed(proof.key, secret)
  }
}

const shapeOf = (proof: Proof): string => {
  const { encoding, prefix } = proof.key
  const after = prefix === "" ? "" : ` after ${prefix}`
  switch (proof.kind) {
    case "basic":
      return "user:password"
    case "public-key":
      return `the ${proof.algorithm} public key in ${encoding}${after}`
    default:
      return encoding === "utf8" ? `a text${prefix === "" ? "" : ` that begins with ${prefix}`}` : `${encoding}${after}`
  }
}
