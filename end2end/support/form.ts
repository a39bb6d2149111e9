import type { APIRequestContext } from "@playwright/test";

/** Submits a form as a page does. Throws unless the server redirects to the next page. */
export async function submit(
  request: APIRequestContext,
  origin: string,
  path: string,
  form: Record<string, string>,
): Promise<void> {
  const response = await request.post(origin + path, { form, headers: { Origin: origin }, maxRedirects: 0 });
  if (response.status() !== 303) throw new Error(`POST ${path} returned ${response.status()}:\n${await response.text()}`);
}
