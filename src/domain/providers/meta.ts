import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Hub-Signature-256: sha256=<hex>` by the app secret, for WhatsApp and Instagram too. No id: the body's hash is the key. Source: developers.facebook.com; the header from third parties. */
export const meta: Provider = {
  title: "Meta, WhatsApp, Instagram",
  docs: "https://developers.facebook.com/docs/graph-api/webhooks/getting-started",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-hub-signature-256"],
      form: { _tag: "Plain", prefix: "sha256=", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [],
    type: [[{ json: JsonPath.make("$.object") }, { json: JsonPath.make("$.entry[0].changes[0].field") }], [{
      json: JsonPath.make("$.object")
    }]]
  })
}
