import { Option } from "effect"
import * as JsonPath from "../JsonPath.ts"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `HmacSignature: <base64>` by the key that the secret's hex stands for. Source: the Adyen library; the header's name is not verified. */
export const adyenPlatform: Provider = {
  title: "Adyen platform",
  docs: "https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["hmacsignature"],
      form: { _tag: "Plain", prefix: "", prefixOptional: false },
      hash: "sha256",
      encoding: "base64",
      key: { encoding: "hex", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [],
    type: [[{ json: JsonPath.make("$.type") }]]
  })
}
