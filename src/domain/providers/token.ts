import { Option } from "effect"
import type { Provider } from "./Provider.ts"

/** Any sender that proves itself with a shared secret in a header. It proves the sender, not the body. */
export const token: Provider = {
  title: "Shared token",
  docs: "https://datatracker.ietf.org/doc/html/rfc6750#section-5.2",
  reads: ["header"],
  scheme: ({ header = "x-webhook-token" }) => ({
    signature: { _tag: "Token", headers: [header] },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [],
    type: []
  })
}
