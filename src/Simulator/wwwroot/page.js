// When the host ends it closes its connections; a page that came back at once would hold it up.
Blazor.start({ circuit: { reconnectionOptions: { maxRetries: 1200, retryIntervalMilliseconds: 3000 } } });

// A button with data-ask asks the simulator to do something (docs/observability.md, "Intervening"), with the numbers of the fields that data-with names; what comes back is said below.
document.addEventListener('click', async event => {
  const button = event.target.closest('button[data-ask]');
  if (!button || (button.dataset.confirm && !confirm(button.dataset.confirm))) {
    return;
  }

  const controls = button.closest('.controls');
  const field = name => controls.querySelector(`input[name="${name}"]`);
  const answer = controls.querySelector('.answer');
  const asked = {};
  for (const name of button.dataset.with?.split(' ') ?? []) {
    if (field(name).value !== '') {
      asked[name] = Number(field(name).value);
    }
  }

  const token = field('token').value;
  const headers = { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) };
  answer.textContent = 'Asking …';
  try {
    const response = await fetch(button.dataset.ask, { method: 'POST', headers, body: JSON.stringify(asked) });
    const told = await response.json();
    if (response.status === 401) {
      controls.querySelector('.token').hidden = false;
      field('token').focus();
    }

    if (response.ok) {
      field('before_episode').value = '';
    }

    answer.textContent = response.ok ? `Asked for, as number ${told.number}.` : `Not done: ${told.detail ?? response.statusText}.`;
  } catch (fault) {
    answer.textContent = `Not done: the simulator did not answer (${fault.message}).`;
  }
});
