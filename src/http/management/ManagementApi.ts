import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { AuditApi } from "./AuditApi.ts"
import * as Document from "./Document.ts"
import { DeliveriesApi, EventsApi } from "./EventsApi.ts"
import { HealthApi } from "./HealthApi.ts"
import { DestinationsApi, IntegrationsApi } from "./IntegrationsApi.ts"
import { ProvidersApi } from "./ProvidersApi.ts"
import { QueuesApi } from "./QueuesApi.ts"
import { RejectionsApi } from "./RejectionsApi.ts"
import { DeadLettersApi, ReplaysApi } from "./ReplaysApi.ts"
import { SecretsApi } from "./SecretsApi.ts"
import { VerificationApi } from "./VerificationApi.ts"

/** What operators call. Server, OpenAPI document and typed client all come from here. */
export class ManagementApi extends HttpApi.make("sluice")
  .add(HealthApi)
  .add(ProvidersApi)
  .add(IntegrationsApi)
  .add(DestinationsApi)
  .add(SecretsApi)
  .add(EventsApi)
  .add(DeliveriesApi)
  .add(ReplaysApi)
  .add(DeadLettersApi)
  .add(QueuesApi)
  .add(RejectionsApi)
  .add(VerificationApi)
  .add(AuditApi)
  .prefix("/api/v1")
  .annotate(OpenApi.Title, "Sluice")
  .annotate(OpenApi.Version, "1")
  .annotate(OpenApi.Description, "The management API of a Sluice webhook gateway, and where webhooks go.")
  .annotate(OpenApi.Transform, Document.completed)
{}
