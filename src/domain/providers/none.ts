import { fixed } from "./Provider.ts"

/** Any sender. Nothing is proven. */
export const none = fixed({
  title: "Nothing is verified (unsafe)",
  docs: "/docs",
  certainty: "A",
  source: "none is needed",
  note: "Unsafe: whoever knows the URL can send webhooks, which are stored and delivered as if they were genuine."
}, { proofs: [{ kind: "none" }] })
