// When the host ends it closes its connections; a page that came back at once would hold it up.
Blazor.start({ circuit: { reconnectionOptions: { maxRetries: 1200, retryIntervalMilliseconds: 3000 } } });
