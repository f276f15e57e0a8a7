/** Takes the place of the SDK's chain of credential providers in a bundle: what Lambda puts into the environment. */
import { fromEnv } from '@aws-sdk/credential-provider-env';

export const defaultProvider = (): ReturnType<typeof fromEnv> => fromEnv();
