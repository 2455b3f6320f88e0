import { Option } from "effect"
import * as Template from "../verification/Template.ts"
import { fixed, type Provider } from "./Provider.ts"

/** `X-Hub-Signature: sha256=<hex>`; Cloud and Data Center name the request differently. Source: the typed headers of a client, not Atlassian's own. */
export const bitbucket: Provider = {
  title: "Bitbucket",
  docs: "https://support.atlassian.com/bitbucket-cloud/docs/manage-webhooks/",
  ...fixed({
    signature: {
      _tag: "Hmac",
      headers: ["x-hub-signature"],
      form: { _tag: "Plain", prefix: "sha256=", prefixOptional: false },
      hash: "sha256",
      encoding: "hex",
      key: { encoding: "utf8", stripPrefix: "" },
      content: Template.make("{raw}")
    },
    timestamp: Option.none(),
    id: Option.none(),
    dedupe: [[{ header: "x-request-uuid" }], [{ header: "x-request-id" }]],
    type: [[{ header: "x-event-key" }]]
  })
}
