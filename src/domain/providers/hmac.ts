import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import type { Provider } from "./Provider.ts"

/** Any sender that signs the raw body with a shared secret. */
export const hmac: Provider = {
  title: "HMAC of the body",
  docs: "https://datatracker.ietf.org/doc/html/rfc2104",
  reads: ["header", "algorithm", "encoding", "prefix"],
  scheme: ({ algorithm = "sha256", encoding = "hex", header = "x-signature", prefix }) => ({
    signature: {
      _tag: "Hmac",
      headers: [header],
      form: { _tag: "Plain", prefix: prefix ?? `${algorithm}=`, prefixOptional: prefix === undefined },
      hash: algorithm,
      encoding,
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [],
    type: []
  })
}
