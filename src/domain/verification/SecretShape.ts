import { Option, Redacted } from "effect"
import type { Scheme } from "./Scheme.ts"

/** What is wrong with a secret's form under a scheme, in words that do not hold it. */
export const problem = ({ signature }: Scheme, secret: Redacted.Redacted): Option.Option<string> => {
  const text = Redacted.value(secret)
  if (text.trim() !== text) return Option.some("has white space around it; copy it again without")
  if (signature._tag === "Token" || signature.key.encoding === "utf8") return Option.none()
  const { encoding, stripPrefix } = signature.key
  const key = text.startsWith(stripPrefix) ? text.slice(stripPrefix.length) : text
  return forms[encoding].test(key)
    ? Option.none()
    : Option.some(
      `is not ${encoding}${stripPrefix === "" ? "" : ` after ${stripPrefix}`}; copy it exactly as the provider shows it`
    )
}

const forms = {
  hex: /^(?:[0-9a-f]{2})+$/i,
  base64: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{2}(?:==)?)$/
}
