import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { Content } from "../../services/store/EventReader.ts"

/** The exact bytes of what was sent. They are shown as what they are, never run. */
export const response = ({ body, contentType }: Content): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.uint8Array(body, {
    contentType: contentType ?? "application/octet-stream",
    headers: {
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox; default-src 'none'"
    }
  })
