import * as Scheme from "../verification/Scheme.ts"
import type { Provider } from "./Provider.ts"

/** Any sender that signs the raw body with a shared secret. */
export const hmac: Provider = {
  title: "HMAC of the body",
  docs: "https://datatracker.ietf.org/doc/html/rfc2104",
  certainty: "A",
  source: "RFC 2104",
  reads: ["header", "algorithm", "encoding", "prefix"],
  scheme: ({ algorithm = "sha256", encoding = "hex", header = "x-signature", prefix }) =>
    Scheme.make({
      proofs: [{
        kind: "hmac",
        hash: algorithm,
        at: [{ header }],
        form: { prefix: prefix ?? `${algorithm}=`, optional: prefix === undefined },
        encoding
      }]
    })
}
