'use strict';

const $ = (id) => document.getElementById(id);
const endpoint = '/graphql';
let session = JSON.parse(sessionStorage.getItem('recado') || 'null'); // {accessToken, refreshToken, expiresAt, email}
let stop = null; // ends what is running

const message = 'id direction status sentAt content { __typename ... on TextContent { body } }';
const examples = {
  'Who am I?': `query WhoAmI {
  viewer {
    isAdministrator
    user { name email }
    organization { name }
    profile { name }
  }
}
`,
  'Newest conversations': `query Inbox {
  conversations(first: 10) {
    nodes {
      id
      status
      unreadCount
      contact { name phoneNumber }
      assignee { name }
      lastMessage { ${message} }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  'Follow the inbox': `subscription FollowInbox {
  inboxEvents {
    __typename
    ... on Event { id cursor occurredAt conversation { id unreadCount contact { name } assignee { name } } }
    ... on MessageAddedEvent { message { ${message} } }
    ... on MessageStatusChangedEvent { message { id status } }
  }
}
`,
  'Send a message': `mutation Answer($input: MessageSendInput!) {
  messageSend(input: $input) {
    message { ${message} }
    userErrors { code message field }
  }
}
`,
};
const exampleVariables = {
  'Send a message': () => ({ input: { conversationId: 'conv_…', content: { text: { body: 'Bom dia!' } }, idempotencyKey: crypto.randomUUID() } }),
};

// --- the answer ---

function show(value, isError) {
  const line = document.createElement('span');
  line.textContent = (typeof value === 'string' ? value : JSON.stringify(value, null, 2)) + '\n';
  if (isError || (value && value.errors)) line.className = 'error';
  $('answer').append(line);
  $('answer').scrollTop = $('answer').scrollHeight;
}

function stamp() {
  const line = document.createElement('span');
  line.className = 'time';
  line.textContent = '# ' + new Date().toLocaleTimeString() + '\n';
  $('answer').append(line);
}

function running(end) {
  stop = end;
  $('stop').disabled = !end;
}

// --- who is asking ---

const freshDocument = 'mutation($input: SessionRefreshInput!) { sessionRefresh(input: $input) { session { accessToken refreshToken expiresAt } userErrors { message } } }';
const signInDocument = 'mutation($input: SessionCreateInput!) { sessionCreate(input: $input) { session { accessToken refreshToken expiresAt } userErrors { message } } }';

async function post(body, token) {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/graphql-response+json, application/json;q=0.9' };
  if (token) headers.Authorization = 'Bearer ' + token;
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

function remember(next) {
  session = next;
  if (next) sessionStorage.setItem('recado', JSON.stringify(next)); else sessionStorage.removeItem('recado');
  $('sign-in').hidden = Boolean(next);
  $('sign-out').hidden = !next;
  $('who').textContent = next ? next.email : 'not signed in';
}

async function openSession(query, input, email) {
  const { body } = await post({ query, variables: { input } });
  const payload = body.data && (body.data.sessionCreate || body.data.sessionRefresh);
  if (!payload || !payload.session) throw new Error(JSON.stringify(body.errors || (payload && payload.userErrors)));
  const { accessToken, refreshToken, expiresAt } = payload.session;
  remember({ accessToken, refreshToken, email, expiresAt: Date.parse(expiresAt) });
}

// A refresh token works once, so concurrent callers share one exchange.
let refreshing = null;
async function token() {
  if (!session) return '';
  if (session.expiresAt - Date.now() < 15000) {
    refreshing ||= openSession(freshDocument, { refreshToken: session.refreshToken }, session.email)
      .catch(() => { remember(null); throw new Error('The session has ended: sign in again.'); })
      .finally(() => { refreshing = null; });
    await refreshing;
  }
  return session.accessToken;
}

$('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    await openSession(signInDocument, { email: $('email').value, password: $('password').value }, $('email').value);
    $('password').value = '';
  } catch (error) { show('Sign-in failed: ' + error.message, true); }
});
$('sign-out').addEventListener('click', () => remember(null));

// --- the three ways to ask ---

async function overPost(request) {
  const { status, body } = await post(request, await token());
  $('status').textContent = 'HTTP ' + status;
  show(body);
}

async function overSocket(request) {
  const authorization = 'Bearer ' + await token();
  const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + endpoint, 'graphql-transport-ws');
  await new Promise((done) => {
    running(() => socket.close(1000));
    const send = (message) => socket.send(JSON.stringify(message));
    socket.onopen = () => send({ type: 'connection_init', payload: { authorization } });
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === 'ping') send({ type: 'pong' });
      if (message.type === 'connection_ack') {
        $('status').textContent = 'connected';
        send({ id: '1', type: 'subscribe', payload: request });
      }
      if (message.type === 'next') { stamp(); show(message.payload); }
      if (message.type === 'error') show({ errors: message.payload });
      if (message.type === 'error' || message.type === 'complete') socket.close(1000);
    };
    socket.onclose = ({ code, reason }) => { $('status').textContent = 'closed ' + code + ' ' + reason; done(); };
  });
}

async function overStream(request) {
  const abort = new AbortController();
  running(() => abort.abort());
  const headers = { 'Content-Type': 'application/json', Accept: 'text/event-stream' };
  const bearer = await token();
  if (bearer) headers.Authorization = 'Bearer ' + bearer;
  const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(request), signal: abort.signal });
  $('status').textContent = 'HTTP ' + response.status;
  if (!response.ok) { show(await response.json()); return; }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) { $('status').textContent = 'ended'; return; }
    const events = (text + value).split('\n\n');
    text = events.pop();
    for (const event of events) {
      if (!event.startsWith('event: next\n')) continue;
      stamp();
      show(JSON.parse(event.slice(event.indexOf('data: ') + 6)));
    }
  }
}

async function run() {
  if (stop) stop();
  $('answer').textContent = '';
  $('status').textContent = '…';
  const request = { query: $('query').value };
  try {
    if ($('variables').value.trim()) request.variables = JSON.parse($('variables').value);
    if ($('operation').value.trim()) request.operationName = $('operation').value.trim();
    const way = $('transport').value;
    const subscribes = /^\s*subscription\b/m.test(request.query.replace(/#.*$/gm, ''));
    if (way === 'sse') await overStream(request);
    else if (way === 'socket' || subscribes) await overSocket(request);
    else await overPost(request);
  } catch (error) {
    if (error.name !== 'AbortError') show(String(error.message || error), true);
  } finally { running(null); }
}

$('run').addEventListener('click', run);
$('stop').addEventListener('click', () => stop && stop());
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); run(); }
});
for (const area of [$('query'), $('variables')]) {
  area.addEventListener('keydown', (event) => {
    if (event.key !== 'Tab' || event.shiftKey) return;
    event.preventDefault();
    area.setRangeText('  ', area.selectionStart, area.selectionEnd, 'end');
  });
}

// --- the schema, in the words of its own documentation ---

const typeRef = '{ kind name ofType { kind name ofType { kind name ofType { kind name } } } }';
const introspection = `{ __schema { types { kind name description
  fields(includeDeprecated: true) { name description args { name type ${typeRef} } type ${typeRef} }
  inputFields { name description type ${typeRef} } enumValues { name description } possibleTypes { name } } } }`;

function typeText(type) {
  if (type.kind === 'NON_NULL') return typeText(type.ofType) + '!';
  if (type.kind === 'LIST') return '[' + typeText(type.ofType) + ']';
  return type.name;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

async function loadSchema() {
  const { body } = await post({ query: introspection }, await token());
  if (!body.data || !body.data.__schema) { show(body); return; }
  const rank = (type) => ['Query', 'Mutation', 'Subscription'].indexOf(type.name) + 1 || 9;
  const types = body.data.__schema.types.filter((type) => !type.name.startsWith('__'));
  types.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  $('types').replaceChildren(...types.map((type) => {
    const box = document.createElement('details');
    box.append(element('summary', '', type.kind.toLowerCase().replace('_', ' ') + ' ' + type.name));
    if (type.description) box.append(element('div', 'field note', type.description));
    if (type.kind === 'UNION') box.append(element('div', 'field', type.possibleTypes.map((t) => t.name).join(' | ')));
    for (const field of [...(type.fields || []), ...(type.inputFields || []), ...(type.enumValues || [])]) {
      const args = field.args && field.args.length ? '(' + field.args.map((a) => a.name + ': ' + typeText(a.type)).join(', ') + ')' : '';
      const line = element('div', 'field', field.name + args + (field.type ? ': ' + typeText(field.type) : ''));
      if (field.description) line.append(element('div', 'note', field.description));
      box.append(line);
    }
    box.open = rank(type) < 9;
    return box;
  }));
}

$('show-schema').addEventListener('click', () => {
  $('schema').hidden = !$('schema').hidden;
  if (!$('schema').hidden && !$('types').firstChild) loadSchema().catch((error) => show(error.message, true));
});
$('filter').addEventListener('input', () => {
  const wanted = $('filter').value.toLowerCase();
  for (const box of $('types').children) {
    box.hidden = !box.textContent.toLowerCase().includes(wanted);
    if (wanted) box.open = true;
  }
});

for (const name of Object.keys(examples)) $('examples').append(element('option', '', name));
$('examples').addEventListener('change', () => {
  const name = $('examples').value;
  $('query').value = examples[name];
  $('variables').value = exampleVariables[name] ? JSON.stringify(exampleVariables[name](), null, 2) : '';
});
$('query').value = examples['Who am I?'];
remember(session);
