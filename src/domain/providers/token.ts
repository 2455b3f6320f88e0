import * as Scheme from "../verification/Scheme.ts"
import type { Provider } from "./Provider.ts"

/** Any sender that proves itself with a shared secret in a header. It proves the sender, not the body. */
export const token: Provider = {
  title: "Shared token",
  docs: "https://datatracker.ietf.org/doc/html/rfc6750#section-5.2",
  certainty: "A",
  source: "none is needed",
  reads: ["header"],
  scheme: ({ header = "x-webhook-token" }) => Scheme.make({ proofs: [{ kind: "token", at: [{ header }] }] })
}
