/** Pictures of the account and of its groups, set from any picture and removed. */
import type { MediaIntake } from '../../protocol/media.ts';
import { actionRoute } from '../action-route.ts';
import { pictureExample } from '../examples.ts';
import type { AnyRoute, FrontOptions, RouteInput } from '../route.ts';
import { pictureInput } from '../schemas/people.ts';
import { type MediaSource, withUpload } from '../upload.ts';

interface PictureBody {
  readonly media?: MediaSource;
}

const takes = {
  body: pictureInput,
  takesMedia: 'alone',
  examples: { base64: { media: { base64: pictureExample } } },
} as const;

/** The square JPEG of what the request brought. */
const imageOf =
  (intake: MediaIntake) =>
  ({ body, upload }: RouteInput<unknown, PictureBody>): Promise<Uint8Array> =>
    withUpload(body.media, { intake, upload }, (file) => intake.profilePicture(file));

export function pictureRoutes({ commands, media }: FrontOptions): AnyRoute[] {
  const image = imageOf(media);
  return [
    actionRoute<'SetProfilePicture', unknown, PictureBody>(commands, {
      ...{ method: 'put', path: 'profile/picture', tag: 'profile', kind: 'SetProfilePicture', status: 204 },
      summary: 'Sets the profile picture',
      ...takes,
      answer: { about: 'Set' },
      input: async (call) => ({ image: await image(call) }),
    }),
    actionRoute(commands, {
      ...{
        method: 'delete',
        path: 'profile/picture',
        tag: 'profile',
        kind: 'SetProfilePicture',
        status: 204,
      },
      summary: 'Removes the profile picture',
      answer: { about: 'Removed' },
      input: () => ({ image: null }),
    }),
    actionRoute<'SetGroupPicture', unknown, PictureBody>(commands, {
      ...{ method: 'put', path: 'groups/{gid}/picture', tag: 'groups', kind: 'SetGroupPicture', status: 204 },
      summary: 'Sets the picture of a group',
      ...takes,
      answer: { about: 'Set' },
      input: async (call) => ({ gid: call.param('gid'), image: await image(call) }),
    }),
    actionRoute(commands, {
      ...{
        method: 'delete',
        path: 'groups/{gid}/picture',
        tag: 'groups',
        kind: 'SetGroupPicture',
        status: 204,
      },
      summary: 'Removes the picture of a group',
      answer: { about: 'Removed' },
      input: ({ param }) => ({ gid: param('gid'), image: null }),
    }),
  ];
}
