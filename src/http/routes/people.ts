/** Contacts' picture, about and business profile; the account's own profile, privacy, presence; calls. */
import { isoOrNull } from '../../clock.ts';
import type { PictureSize } from '../../protocol/contacts.ts';
import type { OnlineState, PrivacyChange } from '../../protocol/profile.ts';
import { actionRoute } from '../action-route.ts';
import type { AnyRoute, FrontOptions } from '../route.ts';
import {
  aboutSchema,
  businessSchema,
  pictureQuery,
  pictureSchema,
  presenceInput,
  privacyInput,
  privacySchema,
  profileInput,
  profileSchema,
} from '../schemas/people.ts';

type Commands = FrontOptions['commands'];

const contacts = (commands: Commands): AnyRoute[] => [
  actionRoute<'GetContactPicture', { size: PictureSize }>(commands, {
    ...{ method: 'get', path: 'contacts/{address}/picture', tag: 'contacts', kind: 'GetContactPicture' },
    summary: 'Shows where the picture of a contact is',
    query: pictureQuery,
    answer: { about: 'The picture at WhatsApp', json: pictureSchema },
    input: ({ param, query }) => ({ address: param('address'), size: query.size }),
  }),
  actionRoute(commands, {
    ...{ method: 'get', path: 'contacts/{address}/about', tag: 'contacts', kind: 'GetContactAbout' },
    summary: 'Shows the about text of a contact',
    answer: { about: 'About, null where hidden', json: aboutSchema },
    input: ({ param }) => ({ address: param('address') }),
    render: ({ setAt, ...rest }) => ({ ...rest, setAt: isoOrNull(setAt) }),
  }),
  actionRoute(commands, {
    ...{ method: 'get', path: 'contacts/{address}/business', tag: 'contacts', kind: 'GetContactBusiness' },
    summary: 'Shows the business profile of a contact',
    answer: { about: 'The business profile', json: businessSchema },
    input: ({ param }) => ({ address: param('address') }),
  }),
];

const profile = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    ...{ method: 'get', path: 'profile', tag: 'profile', kind: 'GetProfile' },
    summary: 'Shows the account’s own profile',
    answer: { about: 'The profile', json: profileSchema },
    input: () => ({}),
  }),
  actionRoute<'ChangeProfile', unknown, { name?: string | undefined; about?: string | undefined }>(commands, {
    ...{ method: 'patch', path: 'profile', tag: 'profile', kind: 'ChangeProfile' },
    summary: 'Changes name or about',
    body: profileInput,
    answer: { about: 'The profile', json: profileSchema },
    input: ({ body }) => body,
  }),
];

const privacy = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    ...{ method: 'get', path: 'privacy', tag: 'profile', kind: 'GetPrivacy' },
    summary: 'Shows the privacy settings',
    answer: { about: 'The settings, null where WhatsApp names none', json: privacySchema },
    input: () => ({}),
  }),
  actionRoute<'ChangePrivacy', unknown, PrivacyChange>(commands, {
    ...{ method: 'patch', path: 'privacy', tag: 'profile', kind: 'ChangePrivacy' },
    summary: 'Changes privacy settings',
    body: privacyInput,
    answer: { about: 'The settings', json: privacySchema },
    input: ({ body }) => body,
  }),
  actionRoute<'SetPresence', unknown, { state: OnlineState }>(commands, {
    ...{ method: 'put', path: 'presence', tag: 'profile', kind: 'SetPresence', status: 204 },
    summary: 'Shows the account as online or offline',
    body: presenceInput,
    answer: { about: 'Shown' },
    input: ({ body }) => body,
  }),
];

const calls = (commands: Commands): AnyRoute[] => [
  actionRoute(commands, {
    ...{ method: 'post', path: 'calls/{callId}/reject', tag: 'calls', kind: 'RejectCall', status: 204 },
    summary: 'Rejects a call that rings',
    answer: { about: 'Rejected' },
    input: ({ param }) => ({ callId: param('callId') }),
  }),
];

export const peopleRoutes = ({ commands }: FrontOptions): AnyRoute[] => [
  ...contacts(commands),
  ...profile(commands),
  ...privacy(commands),
  ...calls(commands),
];
