/** @throws TypeError for an address that the gateway would not send to. It is shown without what may be a secret. */
export function checkReplicaUrl(id: string, url: string | undefined): void {
  const name = JSON.stringify(id);
  if (url === undefined) throw new TypeError(`replica ${name} needs a url to be reached at`);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new TypeError(
      `the url of replica ${name} must be an http or https address, not ${JSON.stringify(url.replace(/\/\/.*@/, "//…@"))}`,
    );
  }
  const { username, password, search, hash } = new URL(url);
  if (username !== "" || password !== "") {
    throw new TypeError(
      `the url of replica ${name} must have no user or password in it; give its headers: { authorization }`,
    );
  }
  if (search !== "" || hash !== "") {
    throw new TypeError(`the url of replica ${name} must have no query and no fragment`);
  }
}
