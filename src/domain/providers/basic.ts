import { fixed } from "./Provider.ts"

/** Any sender that proves itself with a user and a password. It proves the sender, not the body. */
export const basic = fixed({
  title: "Basic authentication",
  docs: "https://datatracker.ietf.org/doc/html/rfc7617",
  certainty: "A",
  source: "RFC 7617",
  note: "The secret is user:password; the password may hold colons."
}, { proofs: [{ kind: "basic" }] })
