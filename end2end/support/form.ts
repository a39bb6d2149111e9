import type { APIRequestContext } from "@playwright/test";

/** Sends a form as the page itself would; any answer but a redirect to the next page means that it was refused. */
export async function submit(
  request: APIRequestContext,
  origin: string,
  path: string,
  form: Record<string, string>,
): Promise<void> {
  const answer = await request.post(origin + path, { form, headers: { Origin: origin }, maxRedirects: 0 });
  if (answer.status() !== 303) throw new Error(`POST ${path} answered ${answer.status()}:\n${await answer.text()}`);
}
